import { monotonicMs } from '../../src/core/clock.ts';
import type { ClientAnswer } from './answer-reader.ts';
import { ClientError, KeepAliveClient } from './http-client.ts';
import type { ClientRequest } from './http-client.ts';

/** One request of a load. */
export interface Shot {
  /** Number of the client, from 0. */
  readonly client: number;
  /** Connection of this process it ran on; 0 when none could be opened. */
  readonly connection: number;
  /** 0 when no complete answer came. */
  readonly status: number;
  readonly error: ClientError | null;
  readonly startedMs: number;
  readonly latencyMs: number;
  /** What `note` made of the answer. */
  readonly note: string;
}

export interface LoadOptions {
  readonly url: string;
  readonly clients: number;
  /** Either a number of requests, or a condition that ends the load. */
  readonly requestsPerClient?: number;
  readonly until?: () => boolean;
  /** Milliseconds between an answer and the client's next request. */
  readonly thinkMs?: number;
  /** All clients together; each keeps its share of the pace without bursts after a stall. */
  readonly ratePerSecond?: number;
  readonly request?: (client: number, index: number) => ClientRequest;
  /** A word about an answer, kept with the shot. */
  readonly note?: (answer: ClientAnswer) => string;
  readonly timeoutMs?: number;
}

export interface LoadResult {
  readonly shots: readonly Shot[];
  readonly errors: readonly ClientError[];
  /** Number of answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Latency that a share of the answers did not exceed, milliseconds. */
  readonly quantileMs: (share: number) => number;
}

/** Many keep-alive clients in a loop; every request is recorded, none is repeated. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const shots: Shot[] = [];
  await Promise.all(
    Array.from({ length: options.clients }, (_, client) => runClient(options, client, shots)),
  );
  return summarize(shots);
}

/** A load that runs beside the test: `stop` ends it and gives the result. */
export function loadInBackground(options: Omit<LoadOptions, 'until' | 'requestsPerClient'>): {
  readonly stop: () => Promise<LoadResult>;
} {
  let stopped = false;
  const running = load({ ...options, until: () => stopped });
  return {
    stop: () => {
      stopped = true;
      return running;
    },
  };
}

async function runClient(options: LoadOptions, number: number, shots: Shot[]): Promise<void> {
  const client = new KeepAliveClient(options.url);
  const limit = options.requestsPerClient ?? Number.POSITIVE_INFINITY;
  const periodMs = options.ratePerSecond === undefined ? 0 : (1000 * options.clients) / options.ratePerSecond;
  let nextMs = monotonicMs() + (periodMs * number) / options.clients;
  for (let index = 0; index < limit && options.until?.() !== true; index += 1) {
    const waitMs = periodMs === 0 ? (index === 0 ? 0 : (options.thinkMs ?? 0)) : nextMs - monotonicMs();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    nextMs = Math.max(nextMs + periodMs, monotonicMs());
    shots.push(await shoot(options, client, number, index));
  }
  client.close();
}

async function shoot(
  options: LoadOptions,
  client: KeepAliveClient,
  number: number,
  index: number,
): Promise<Shot> {
  const startedMs = monotonicMs();
  const shot = { client: number, startedMs };
  try {
    const answer = await client.request(options.request?.(number, index) ?? {}, options.timeoutMs);
    const latencyMs = monotonicMs() - startedMs;
    const note = options.note?.(answer) ?? '';
    return {
      ...shot,
      connection: client.current?.number ?? 0,
      status: answer.status,
      error: null,
      latencyMs,
      note,
    };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    client.close();
    return {
      ...shot,
      connection: error.connection,
      status: 0,
      error,
      latencyMs: monotonicMs() - startedMs,
      note: '',
    };
  }
}

/** Counts shots. */
export function summarize(shots: readonly Shot[]): LoadResult {
  const statuses: Record<string, number> = {};
  const latencies: number[] = [];
  const errors: ClientError[] = [];
  for (const shot of shots) {
    if (shot.error !== null) errors.push(shot.error);
    else {
      statuses[shot.status] = (statuses[shot.status] ?? 0) + 1;
      latencies.push(shot.latencyMs);
    }
  }
  latencies.sort((left, right) => left - right);
  return {
    shots,
    errors,
    statuses,
    quantileMs: (share) =>
      latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0,
  };
}
