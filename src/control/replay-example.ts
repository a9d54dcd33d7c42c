import { Client } from 'undici';
import { monotonicUs } from '../core/clock.ts';
import { CutoverError, messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { CapturedAnswer, Difference } from '../core/observation.ts';
import type { GatewayConfig, UpstreamConfig } from '../core/snapshot.ts';
import { serviceName } from '../core/service-name.ts';
import { unixPath } from '../core/unix-address.ts';
import { isSafeMethod } from '../core/methods.ts';
import { comparePair } from '../diff/compare.ts';
import { classId } from '../diff/fingerprint.ts';
import { compileRules } from '../diff/rules.ts';
import { isManyPlaces } from '../telemetry/class-share.ts';
import { COPY_MARKER } from '../shadow/eligibility.ts';
import { candidateRequest } from './candidate-request.ts';
import { isMasked, knownFields, missingOf } from './reproduce.ts';
import type { DifferenceDetail, Replayed } from './schema/differences.ts';

/** How an example is asked again. */
export interface ReplayOptions {
  /** Instead of the stored target, which may have masked parts. */
  readonly target?: string | undefined;
  /** Instead of masked fields, or beside the stored ones. */
  readonly fields?: readonly (readonly [name: string, value: string])[] | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly nowMs: number;
}

const REFUSED = 5;

/**
 * Asks both lanes what an example asked, and compares the answers by the rules of the configuration. Only reads are
 * asked again; what was masked is left out and named, and a target with masked parts is refused: it would ask something
 * else.
 * @throws CutoverError `NO_EXAMPLE`, `MASKED`, `NOT_SAFE` (exit 5), `UNREACHABLE` (exit 6) when a lane gives no answer
 */
export async function replayExample(
  { class: found }: DifferenceDetail,
  config: GatewayConfig,
  options: ReplayOptions,
): Promise<Replayed> {
  const { example } = found;
  if (example === null)
    throw refusal('NO_EXAMPLE', `no example of ${found.id} is stored any more`, 'wait for it to show again');
  const { method, requestId } = example;
  const target = options.target ?? example.target;
  if (!isSafeMethod(method))
    throw refusal(
      'NOT_SAFE',
      `${method} changes something: it is not asked again`,
      `the curl of: cutover differences show ${found.id}; its body was not kept, give one of your own`,
    );
  if (isMasked(target))
    throw refusal(
      'MASKED',
      `parts of the target are masked: ${example.target}`,
      "give the whole one: --target '/path?name=value'",
    );
  const inCandidate = candidateRequest(found.route, target, config);
  const { upstream } = inCandidate;
  if (inCandidate.redirect !== null || inCandidate.target === '')
    throw refusal(
      'NO_LANE',
      `the gateway itself answers ${found.route} in the candidate lane: there is no server to ask`,
      `cutover differences show ${found.id}`,
    );
  if (upstream === undefined) throw refusal('NO_LANE', 'the candidate has no upstream', 'cutover check');
  const asked = { ...example, target };
  const [one, other] = await Promise.all([
    ask(config.legacy, 'legacy', asked, options),
    ask(upstream, 'candidate', { ...example, target: inCandidate.target }, options),
  ]);
  const rules = await compileRules(config.rules ?? [], options.nowMs);
  const conditional = (example.request ?? []).some(([name]) => name.startsWith('if-'));
  const pair = {
    requestId,
    method,
    conditional,
    endpoint: found.endpoint,
    target,
    legacy: one,
    candidate: other,
  };
  const { differences } = comparePair(pair, rules);
  const given = new Set((options.fields ?? []).map(([name]) => `the field ${name.toLowerCase()}`));
  return {
    schemaVersion: 1,
    class: found.id,
    request: `${method} ${target}`,
    differs: differences.some((each) => isOf(found, each)),
    differences: [...differences],
    legacy: answerOf(one),
    candidate: answerOf(other),
    missing: [...missingOf(asked).filter((what) => !given.has(what)), ...inCandidate.unknown],
  };
}

/** A class of many places shows in any of its kind. */
function isOf(found: DifferenceDetail['class'], { kind, path }: Difference): boolean {
  return isManyPlaces(found) ? kind === found.kind : classId(found.endpoint, kind, path) === found.id;
}

function refusal(code: string, message: string, hint: string): CutoverError {
  return new CutoverError(code, message, { hint, exitCode: REFUSED });
}

function answerOf({ status, bodyBytes, totalUs }: CapturedAnswer): Replayed['legacy'] {
  return { status, bodyBytes, totalUs };
}

type Example = NonNullable<DifferenceDetail['class']['example']>;

async function ask(
  upstream: UpstreamConfig,
  lane: string,
  example: Example,
  options: ReplayOptions,
): Promise<CapturedAnswer> {
  const client = clientFor(upstream, options.timeoutMs);
  const startedUs = monotonicUs();
  try {
    const own = (options.fields ?? []).map(([name, value]) => [name.toLowerCase(), value] as const);
    const replaced = new Set(own.map(([name]) => name));
    const known = knownFields(example, upstream).filter(([name]) => !replaced.has(name));
    const headers = [...known, ...own, [COPY_MARKER, '1'] as const].flat();
    const { method, target: path } = example;
    const answer = await client.request({
      method,
      path,
      headers,
      signal: options.signal,
      responseHeaders: 'raw',
    });
    const { body, bodyBytes } = await bounded(answer.body);
    const totalUs = monotonicUs() - startedUs;
    return {
      status: answer.statusCode,
      fields: rawFields(answer.headers),
      body,
      bodyBytes,
      firstByteUs: -1,
      totalUs,
    };
  } catch (error) {
    throw new CutoverError('UNREACHABLE', `${lane} gave no answer: ${messageOf(error)}`, {
      hint: 'is it running? cutover status shows its servers',
      exitCode: 6,
      cause: error,
    });
  } finally {
    await client.destroy();
  }
}

function clientFor({ servers, tls }: UpstreamConfig, timeoutMs: number): Client {
  const [server] = servers;
  if (server === undefined)
    throw new CutoverError('NO_SERVER', 'this lane has no server', { hint: 'cutover check' });
  if (serviceName(server.host) !== null)
    throw new CutoverError('NO_SERVER', 'the DNS says which servers this lane has, and this asks one', {
      hint: 'cutover replay FILE --legacy URL --candidate URL',
    });
  const socket = unixPath(server.host);
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  const origin = socket === null ? `${server.scheme}://${host}:${server.port}` : 'http://localhost';
  const ca = tls?.ca ?? null;
  const name = tls?.serverName ?? null;
  return new Client(origin, {
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: {
      timeout: timeoutMs,
      ...(socket === null ? {} : { socketPath: socket }),
      ...(ca === null ? {} : { ca }),
      ...(name === null ? {} : { servername: name }),
    },
  });
}

/** The body, or only its length when it is larger than what is kept for comparison. */
async function bounded(stream: AsyncIterable<Buffer>): Promise<{ body: Buffer; bodyBytes: number }> {
  const chunks: Buffer[] = [];
  let bodyBytes = 0;
  for await (const chunk of stream) {
    bodyBytes += chunk.length;
    if (bodyBytes <= LIMITS.decodedBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return { body: bodyBytes <= LIMITS.decodedBytes ? Buffer.concat(chunks) : Buffer.alloc(0), bodyBytes };
}

/** undici gives raw fields as a list of name, value, … buffers although its types say otherwise. */
function rawFields(headers: unknown): string[] {
  return Array.isArray(headers)
    ? headers.map(String)
    : Object.entries(headers as object)
        .flat()
        .map(String);
}
