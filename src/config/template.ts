import { CutoverError } from '../core/errors.ts';
import { parseServer } from './server-text.ts';

/** The file that `cutover init` writes beside `cutover.yaml`, so that editors complete its keys. */
export const SCHEMA_FILE = 'cutover.schema.json';

export interface TemplateOptions {
  /** URL of the NGINX that serves today. */
  readonly legacy: string;
  /** URL of what is to take over. */
  readonly candidate: string;
  /** Address that clients connect to. */
  readonly listen?: string;
}

/**
 * The commented `cutover.yaml` of `cutover init`: it validates without a warning and says what each part is for.
 * @throws CutoverError when one of the URLs names no server
 */
export function configTemplate(options: TemplateOptions): string {
  const { listen = '127.0.0.1:8080' } = options;
  return TEMPLATE.replace('<listen>', () => quoted(listen))
    .replace('<legacy>', () => quoted(serverUrl('legacy', options.legacy)))
    .replace('<candidate>', () => quoted(serverUrl('candidate', options.candidate)));
}

function serverUrl(lane: string, url: string): string {
  const read = parseServer(url);
  if ('server' in read) return url;
  throw new CutoverError('BAD_URL', `--${lane}: ${read.message}`, { hint: read.hint, exitCode: 2 });
}

/** As YAML: as it is where that is safe inside a list, else in double quotes. */
function quoted(text: string): string {
  return /^[A-Za-z0-9./:-]+$/.test(text) ? text : JSON.stringify(text);
}

const TEMPLATE = `# yaml-language-server: $schema=./${SCHEMA_FILE}
#
# Cutover moves live HTTP traffic from a legacy NGINX to its replacement, with proof at every step.
#   cutover check     looks for mistakes in this file
#   cutover run       starts the gateway in the phase "shadow": legacy answers everything
#   cutover status    says where the rollout stands and what was found
# Durations are written 250ms 30s 5m 2h, shares 10%, sizes 64KiB, rates 500/s.
# \${NAME} and \${NAME:-default} take a value from the environment.
version: 1

# Where clients connect.
listen:
  - address: <listen>
    # region: eu-west # of everything that arrives here
    # tls: { cert: ./tls/fullchain.pem, key: ./tls/privkey.pem } # HTTPS instead of HTTP
    # and, where clients show certificates or names have their own, docs/tls.md:
    # tls: { cert: …, key: …, clientAuth: required, clientCa: ./tls/clients-ca.pem, crl: ./tls/clients.crl }
    # proxyProtocol: true # a PROXY header comes first; trustedProxies says from whom
  # - address: unix:/run/cutover.sock

# Proxies in front, whose X-Forwarded-* fields are believed; unix stands for peers on unix sockets.
# trustedProxies: [10.0.0.0/8]

# Status and commands; this machine only.
admin:
  address: 127.0.0.1:9901

# What serves today: http://, https:// or unix:/run/app.sock.
legacy:
  servers: [<legacy>]
  # tls: { ca: ./tls/ca.pem, serverName: shop.internal } # for https:// servers; certificates are always verified

# What is to take over.
candidate:
  servers: [<candidate>]
  # Or several services, with routes; the most specific route wins:
  #   upstreams:
  #     shop: { servers: [http://127.0.0.1:7001, http://127.0.0.1:7002] }
  #     # and, where the defaults do not fit:
  #     # balance: least-request # or hash: a user stays on one server
  #     # health: { path: /healthz } # asks each server; failures eject one anyway
  #   routes:
  #     - { name: api, match: { path: /api/ }, upstream: shop, critical: true }
  #     - { name: rest, upstream: shop }

# Evidence and history. Both paths start at the folder of this file.
runDir: ./run
# Takes a changed configuration over without being told; a bad one is refused as a whole.
# watch: true
store:
  sqlite: ./cutover.db
  retention: { windows: 30d, examples: 7d, maxBytes: 2GiB }

rollout:
  # What keeps a user on one side of a share: { cookie: NAME }, { header: NAME } or { address: true }.
  stickyKey: { address: true }

  # Phase 1: legacy answers, copies of safe requests go to the candidate and are compared.
  shadow:
    sample: 10%
    maxRate: 500/s # copies a second at the most; both lanes may share services
    # stripHeaders: [cookie] # left out of the copy
    # setHeaders: { authorization: { env: SHADOW_AUTHORIZATION } } # instead of the client's
    # noise: { share: 20% } # legacy is asked so many of them again: what differs then is no fault of the candidate

  # Phase 2: internal traffic is answered by the candidate. Say here what is internal; match: [] is nobody.
  canary:
    match:
      - { header: { x-canary: internal }, from: 10.0.0.0/8 }

  # Phase 3: a share of the users of each region. Name regions at node, at a listener or under region.
  # regional:
  #   steps:
  #     - { region: eu-west, share: 5% }
  #     - { region: eu-west, share: 100% }

  # Phase 4: the candidate answers everything; some answers are still compared with legacy.
  enforce:
    reverseShadow: 1%

# What may differ, and why; what a rule hides is counted and shown.
# differences:
#   rules:
#     - { path: headers/x-build, ignore: true, reason: names the build }
#     - { path: body/items/*/price, round: 2, endpoints: ["GET /items"], reason: rounded later }

# One JSON line per request.
# accessLog:
#   file: ./access.log
#   rotate: { maxBytes: 256MiB, maxAge: 1d, keep: 7 }

# Who is told of verdicts, rollbacks and the kill switch, by signed webhooks: docs/notifications.md.
# notify:
#   - url: https://hooks.example.com/cutover
#     secret: { file: /run/secrets/cutover-webhook } # echo "whsec_$(openssl rand -base64 32)"
# A SIEM is told of errors, moves and verdicts, and its alerts are counted by the gates of regional: docs/siem.md.
# siem:
#   events: { file: ./cutover-siem.json }
#   indexer: { url: https://indexer:9200, version: 4, username: cutover, password: { env: INDEXER_PASSWORD } }

# Adds x-cutover-lane, x-cutover-phase and x-cutover-epoch to answers.
explainHeaders: false
`;
