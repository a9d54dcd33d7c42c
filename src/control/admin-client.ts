import type { Dispatcher, Pool } from 'undici';
import type { z } from 'zod';
import { CutoverError, messageOf, systemCode } from '../core/errors.ts';
import type { StampedEvent } from '../core/events.ts';
import { LIMITS } from '../core/limits.ts';
import type { Target } from '../rollout/position.ts';
import { EventParser } from './admin-sse.ts';
import type { AppliedAnswer, HandOverAnswer, HandOverBody } from './schema/commands.ts';
import type { ConfigurationVersion } from './schema/configuration-version.ts';
import type { DifferenceDetail, Differences } from './schema/differences.ts';
import type { Measured } from './schema/gate-input.ts';
import type { History } from './schema/history.ts';
import type { Proof } from './schema/proof.ts';
import type { Status } from './schema/status.ts';

export interface AdminClientOptions {
  /** `host:port` of the admin API; an IPv6 address in brackets. */
  readonly address: string;
  /** PEM, for an admin API on another machine; absent: plain HTTP on this one. The system's authorities without `ca`. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Needed by all but status, metrics and readiness, see `readAdminToken`. */
  readonly token?: string;
  /** Time for one call, milliseconds. */
  readonly timeoutMs?: number;
}

/** Who asks, and why. */
export interface Author {
  readonly who: string;
  readonly reason?: string;
}

/** Where to: a position, or one region alone. */
interface Moving {
  readonly reason: string;
  readonly to?: Target | null;
  readonly region?: string;
}

/**
 * The admin API, typed. Every method throws a CutoverError: `UNREACHABLE` and `TIMED_OUT` (exit 6) when there is
 * no answer, `BAD_ANSWER` when it is not this API's, else what the gateway says, with its exit code.
 */
export interface AdminClient {
  status(): Promise<Status>;
  /** The status with everything its verdict was made of. */
  measured(): Promise<Measured>;
  history(limit?: number): Promise<History>;
  /** The configuration that an entry of the audit brought into force. @throws CutoverError NO_CONFIGURATION */
  configuration(sequence: number): Promise<ConfigurationVersion>;
  /** What an entry of the audit was decided on. @throws CutoverError NO_PROOF */
  proof(sequence: number): Promise<Proof>;
  differences(limit?: number): Promise<Differences>;
  difference(id: string): Promise<DifferenceDetail>;
  advance(command: Author & Moving & { force?: boolean; approve?: boolean }): Promise<AppliedAnswer>;
  rollback(command: Author & Moving): Promise<AppliedAnswer>;
  pause(command: Author): Promise<AppliedAnswer>;
  resume(command: Author): Promise<AppliedAnswer>;
  /** The kill switch; on unless `on` is false. */
  bypass(command: Author & { on?: boolean }): Promise<AppliedAnswer>;
  /** The file again, or the configuration of an entry of the history. @throws CutoverError NO_CONFIGURATION */
  reload(command: Author & { entry?: number; text?: string }): Promise<AppliedAnswer>;
  /** Asks the supervisor to let go of lock, lease and admin address for the process that asks. */
  handOver(body: HandOverBody): Promise<HandOverAnswer>;
  /** Prometheus text. */
  metrics(): Promise<string>;
  /** Whether the gateway takes traffic. */
  ready(): Promise<boolean>;
  /**
   * Events as they happen, until the signal aborts or the gateway ends.
   * @param options `after`: also those of the past above this sequence, so that a stream can be resumed
   */
  events(options?: { after?: number; signal?: AbortSignal }): AsyncGenerator<StampedEvent, void, void>;
  close(): Promise<void>;
}

/** A client of one gateway. Nothing is loaded or connected before the first call. */
export function createAdminClient(options: AdminClientOptions): AdminClient {
  const wire = new AdminWire(options);
  const read = async <T>(path: string, schema: () => Promise<z.ZodType<T>>): Promise<T> =>
    wire.json('GET', path, await schema());
  const post = async (verb: string, body: object): Promise<AppliedAnswer> =>
    wire.json('POST', `/v1/${verb}`, (await commandSchemas()).appliedSchema, body);
  return {
    status: () => read('/v1/status', async () => (await import('./schema/status.ts')).statusSchema),
    measured: () => read('/v1/evidence', async () => (await import('./schema/gate-input.ts')).measuredSchema),
    history: (limit) =>
      read(limited('history', limit), async () => (await import('./schema/history.ts')).historySchema),
    configuration: (sequence) =>
      read(
        `/v1/configurations/${sequence}`,
        async () => (await import('./schema/configuration-version.ts')).configurationVersionSchema,
      ),
    proof: (sequence) =>
      read(`/v1/history/${sequence}`, async () => (await import('./schema/proof.ts')).proofSchema),
    differences: (limit) =>
      read(limited('differences', limit), async () => (await differenceSchemas()).differencesSchema),
    difference: (id) =>
      read(
        `/v1/differences/${encodeURIComponent(id)}`,
        async () => (await differenceSchemas()).differenceDetailSchema,
      ),
    advance: (command) => post('advance', command),
    rollback: (command) => post('rollback', command),
    pause: (command) => post('pause', command),
    resume: (command) => post('resume', command),
    bypass: (command) => post('bypass', command),
    reload: (command) => post('reload', command),
    handOver: async (body) =>
      wire.json('POST', '/v1/hand-over', (await commandSchemas()).handOverSchema, body),
    metrics: async () => (await wire.text('/metrics')).body,
    ready: async () => (await wire.text('/readyz')).status === 200,
    events: (from = {}) => wire.events(from),
    close: () => wire.close(),
  };
}

const commandSchemas = () => import('./schema/commands.ts');
const differenceSchemas = () => import('./schema/differences.ts');

function limited(list: string, limit: number | undefined): string {
  return `/v1/${list}${limit === undefined ? '' : `?limit=${limit}`}`;
}

class AdminWire {
  private readonly options: AdminClientOptions;
  private readonly timeoutMs: number;
  private pool: Promise<Pool> | null = null;

  constructor(options: AdminClientOptions) {
    this.options = options;
    this.timeoutMs = options.timeoutMs ?? LIMITS.adminCallMs;
  }

  async json<T>(method: 'GET' | 'POST', path: string, schema: z.ZodType<T>, body?: object): Promise<T> {
    const answer = await this.call(method, path, body);
    const value = parsed(answer.body);
    if (answer.status !== 200) throw await refusalOf(answer.status, value);
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const problem = result.error.issues[0];
    throw badAnswer(`${path}: ${problem?.path.join('.') ?? ''}: ${problem?.message ?? ''}`);
  }

  text(path: string): Promise<{ status: number; body: string }> {
    return this.call('GET', path);
  }

  async *events(from: { after?: number; signal?: AbortSignal }): AsyncGenerator<StampedEvent, void, void> {
    const { eventSchema } = await commandSchemas();
    const query = from.after === undefined ? '' : `?after=${from.after}`;
    const parser = new EventParser();
    try {
      // The gateway sends a comment every `adminHeartbeatMs`: twice that silence is a dead one.
      const answer = await this.request('GET', `/v1/events${query}`, {
        signal: from.signal ?? null,
        bodyTimeout: LIMITS.adminHeartbeatMs * 2,
      });
      if (answer.statusCode !== 200)
        throw await refusalOf(answer.statusCode, parsed(await answer.body.text()));
      for await (const chunk of answer.body) {
        for (const data of parser.push(chunk as Uint8Array)) {
          const event = eventSchema.safeParse(parsed(data));
          if (!event.success) throw badAnswer('an event is not what it should be');
          yield event.data as StampedEvent;
        }
      }
    } catch (error) {
      if (from.signal?.aborted === true) return;
      throw this.explained(error);
    }
  }

  async close(): Promise<void> {
    const pool = await this.pool;
    this.pool = null;
    await pool?.destroy();
  }

  private async call(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
  ): Promise<{ status: number; body: string }> {
    try {
      const signal = AbortSignal.timeout(this.timeoutMs);
      const answer = await this.request(method, path, { signal, ...payload(body) });
      return { status: answer.statusCode, body: await bounded(answer.body) };
    } catch (error) {
      throw this.explained(error);
    }
  }

  private async request(
    method: 'GET' | 'POST',
    path: string,
    extra: Partial<Dispatcher.RequestOptions>,
  ): Promise<Dispatcher.ResponseData> {
    const { token, tls, address } = this.options;
    const connect = { ...tls, timeout: this.timeoutMs };
    this.pool ??= import('undici').then(
      ({ Pool }) => new Pool(`http${tls === undefined ? '' : 's'}://${address}`, { connections: 4, connect }),
    );
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const headers = { ...(extra.headers as Record<string, string> | undefined), ...authorization };
    return (await this.pool).request({ path, method, headersTimeout: this.timeoutMs, ...extra, headers });
  }

  private explained(error: unknown): CutoverError {
    if (error instanceof CutoverError) return error;
    const { address, tls } = this.options;
    const name = error instanceof Error ? error.name : '';
    if (name === 'TimeoutError' || systemCode(error).endsWith('_TIMEOUT')) {
      return new CutoverError(
        'TIMED_OUT',
        `the gateway at ${address} did not answer in ${this.timeoutMs} ms`,
        {
          hint: 'the kill switch works without it: cutover bypass',
          exitCode: 6,
          cause: error,
        },
      );
    }
    const start = 'start it: cutover run, or name another: --admin HOST:PORT';
    return new CutoverError('UNREACHABLE', `no gateway answers at ${address}: ${messageOf(error)}`, {
      hint: tls === undefined ? start : handshakeHint(systemCode(error)),
      exitCode: 6,
      cause: error,
    });
  }
}

/** What to do about a gateway on another machine that cannot be reached. */
function handshakeHint(code: string): string {
  if (/^(?:UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|CERT_|ERR_TLS_CERT)/.test(code))
    return 'name who made its certificate, and the name that stands in it: --ca FILE, --admin https://NAME:PORT';
  if (/SSL|ECONNRESET|UND_ERR_SOCKET/.test(code))
    return 'it may want a certificate of yours: --cert FILE --key FILE';
  return 'see whether admin.remote of its configuration has this address';
}

function payload(body: object | undefined): Partial<Dispatcher.RequestOptions> {
  if (body === undefined) return {};
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}

async function bounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > LIMITS.adminAnswerBytes) throw badAnswer(`more than ${LIMITS.adminAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badAnswer('it is not JSON');
  }
}

async function refusalOf(status: number, value: unknown): Promise<CutoverError> {
  const answer = (await commandSchemas()).errorSchema.safeParse(value);
  if (!answer.success) return badAnswer(`HTTP ${status} without a reason`);
  const { code, message, hint, exitCode, detail } = answer.data.error;
  const error = new CutoverError(code, message, { exitCode, ...(hint === null ? {} : { hint }) });
  return detail === undefined ? error : Object.assign(error, { detail });
}

function badAnswer(what: string): CutoverError {
  return new CutoverError('BAD_ANSWER', `what answers is no gateway of this build: ${what}`, {
    hint: 'use the command line of the build that runs, or another --admin HOST:PORT',
  });
}
