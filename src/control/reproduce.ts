import { isSafeMethod } from '../core/methods.ts';
import type { GatewayConfig, UpstreamConfig } from '../core/snapshot.ts';
import { serviceName } from '../core/service-name.ts';
import { unixPath } from '../core/unix-address.ts';
import type { StoredClass } from '../rollout/ports.ts';
import { candidateRequest } from './candidate-request.ts';
import type { CandidateRequest } from './candidate-request.ts';
import type { DifferenceExample } from '../telemetry/types.ts';
import type { DifferenceDetail } from './schema/differences.ts';

/** What a command is made of. */
type CurlUpstream = Pick<UpstreamConfig, 'servers' | 'hostHeader'>;
type CurlExample = Pick<DifferenceExample, 'method' | 'target' | 'request'>;

/** What stands where a value was masked. */
const MASKED = /‹masked:[^›]*›/g;

/** A curl command for each lane that asks what the example asked, or null where there is no example. */
export function reproduce(found: StoredClass, config: GatewayConfig): DifferenceDetail['reproduce'] {
  const { example } = found;
  if (example === null) return null;
  const asked = candidateRequest(found.route, example.target, config);
  const legacy = curl(config.legacy, example);
  const candidate = candidateCommand(asked, example);
  if (legacy === null || candidate === null) return null;
  return { legacy, candidate, missing: [...missingOf(example), ...asked.unknown] };
}

/** A command, or a comment for a shell where no server is asked. */
function candidateCommand(asked: CandidateRequest, example: CurlExample): string | null {
  if (asked.redirect !== null) {
    const { status, location } = asked.redirect;
    return `# no server is asked: the gateway answers ${status} with Location: ${location}`;
  }
  if (asked.target === '')
    return '# no server is asked: rewriting leaves no path, and the gateway answers 404';
  return curl(asked.upstream, { ...example, target: asked.target });
}

/** Whether a text has a part that was masked. */
export function isMasked(text: string): boolean {
  return text.search(MASKED) !== -1;
}

/** What of the request is not known any more, for people: parts of the target, and fields by their names. */
export function missingOf({ method, target, request = [] }: DifferenceExample): string[] {
  const inTarget = target.match(MASKED)?.length ?? 0;
  const places =
    inTarget === 0 ? [] : [`${inTarget} masked ${inTarget === 1 ? 'part' : 'parts'} of the target`];
  const body = isSafeMethod(method) ? [] : ['the body of the request'];
  return [
    ...places,
    ...body,
    ...request.filter(([, value]) => isMasked(value)).map(([name]) => `the field ${name}`),
  ];
}

/** The fields that are known whole; the host that an upstream is asked for goes before the client's. */
export function knownFields(
  { request = [] }: Pick<DifferenceExample, 'request'>,
  { hostHeader }: Pick<UpstreamConfig, 'hostHeader'>,
): (readonly [name: string, value: string])[] {
  const known = request.filter(
    ([name, value]) => !isMasked(value) && (name !== 'host' || hostHeader === null),
  );
  return hostHeader === null ? known : [['host', hostHeader], ...known];
}

/** A curl command for the first server of an upstream; null when there is none, or the DNS says which it is. */
export function curl(upstream: CurlUpstream | undefined, example: CurlExample): string | null {
  const server = upstream?.servers[0];
  if (upstream === undefined || server === undefined || serviceName(server.host) !== null) return null;
  const { method, target } = example;
  const words = ['curl', '-si', ...(method === 'HEAD' ? ['-I'] : ['-X', method])];
  const socket = unixPath(server.host);
  if (socket !== null) words.push('--unix-socket', socket);
  const fields = knownFields(example, upstream);
  for (const [name, value] of fields) words.push('-H', `${name}: ${value}`);
  if (fields.some(([name]) => name === 'accept-encoding')) words.push('--compressed');
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  const authority = socket === null ? `${host}:${server.port}` : 'localhost';
  words.push(`${server.scheme}://${authority}${target}`);
  return words.map(quoted).join(' ');
}

/** For a POSIX shell. */
function quoted(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
