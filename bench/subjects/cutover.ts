import { readFileSync } from 'node:fs';
import { formatShare } from '../../src/core/units.ts';
import { cutover as runVerb, gateway } from '../../test/kit/gateway.ts';
import { buildPackage } from '../../test/kit/package.ts';
import type { BuiltPackage } from '../../test/kit/package.ts';
import type { GatewayBuilder, Settings } from '../../test/kit/gateway.ts';
import { AUDIENCE, ISSUER } from '../../test/kit/tokens.ts';
import { CannotMeasure } from './subject.ts';
import type { Subject, Task } from './subject.ts';

/** Copies are not capped: the rival has no cap either. */
const MAX_COPIES_PER_SECOND = 1_000_000;

/** Time after which a copy is given up, as in nginx.conf. */
const COPY_TIMEOUT = '1s';

function settings(task: Task): Settings {
  const address = '127.0.0.1:0';
  const { certificate, clientCaFile } = task;
  const clients = clientCaFile === undefined ? {} : { clientAuth: 'required', clientCa: clientCaFile };
  const listener =
    certificate === null
      ? { address }
      : { address, tls: { cert: certificate.certFile, key: certificate.keyFile, ...clients } };
  return {
    listen: [listener],
    workers: task.workers,
    accessLog: { file: './access.log' },
    rollout: {
      window: '10s',
      shadow: {
        sample: formatShare(task.copied),
        maxRate: `${MAX_COPIES_PER_SECOND}/s`,
        ramp: '0ms',
        maxInFlight: 4_096,
        timeout: COPY_TIMEOUT,
      },
    },
  };
}

let built: BuiltPackage | null = null;

/** Compiled once, as users have it: from sources every process would carry a compiler. */
function program(): string {
  if (built === null) {
    built = buildPackage();
    process.once('exit', built.remove);
  }
  return built.program;
}

/** The product with everything on: access log, histograms, ids, forwarded headers, timeouts and limits. */
export function benchGateway(task: Task): GatewayBuilder {
  return fromSources(task).built(program());
}

/** The same from the sources: a profile then names their lines. */
export function fromSources(task: Task): GatewayBuilder {
  return gateway()
    .legacy(`http://127.0.0.1:${task.legacyPort}`)
    .config(candidateOf(task))
    .config(settings(task));
}

/** The candidate, behind a filter where tokens are asked for. */
function candidateOf({ candidatePort, keys }: Task): Settings {
  const servers = [`http://127.0.0.1:${candidatePort}`];
  if (keys === undefined) return { candidate: { servers } };
  const jwt = { issuer: ISSUER, audience: AUDIENCE, algorithms: ['ES256'], jwks: { file: keys.keySetFile } };
  return {
    filters: { door: { jwt, enforceAt: 'edge' } },
    candidate: {
      upstreams: { all: { servers } },
      routes: [{ name: 'all', upstream: 'all', filters: ['door'] }],
    },
  };
}

/** A build that cannot end TLS says so itself. @throws {@link CannotMeasure} with what it says */
export async function refuseWithoutTls(task: Task): Promise<void> {
  if (task.certificate === null) return;
  const place = await benchGateway(task).write();
  try {
    const checked = await runVerb(['check', '-c', place.configFile], { cwd: place.folder });
    if (checked.code === 0) return;
    const lines = `${checked.stdout}\n${checked.stderr}`.split('\n');
    const reason = lines.find((line) => /\btls\b/i.test(line) && !line.includes('"tls"')) ?? lines[0] ?? '';
    throw new CannotMeasure(
      `cutover check: ${reason
        .replace(/^error: /, '')
        .replaceAll(place.folder, '')
        .trim()}`,
    );
  } finally {
    place.remove();
  }
}

export const cutover: Subject = {
  name: 'cutover',
  version: () => {
    const file = new URL('../../package.json', import.meta.url);
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  },
  start: async (task) => {
    await refuseWithoutTls(task);
    const running = await benchGateway(task).start();
    return {
      url: task.certificate === null ? running.url : running.url.replace('http:', 'https:'),
      pid: running.pids().supervisor,
      workers: () => running.pids().workers,
      stop: running.stop,
    };
  },
};
