import { monotonicMs } from '../../src/core/clock.ts';
import type { CapturedRequest } from './capture.ts';
import { ClientError, KeepAliveClient, format } from './http-client.ts';
import { summarize } from './load.ts';
import type { LoadResult, Shot } from './load.ts';
import type { ClientAnswer } from './answer-reader.ts';

export interface ReplayOptions {
  readonly url: string;
  readonly requests: readonly CapturedRequest[];
  /** Requests under way at once; one connection each. */
  readonly concurrency?: number;
  /** Requests a second at the most, open loop: latency counts from the intended start. Absent: as fast as answered. */
  readonly ratePerSecond?: number;
  /** Header fields added to every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Host sent instead of the base URL's. */
  readonly host?: string;
  readonly timeoutMs?: number;
  readonly note?: (answer: ClientAnswer, request: CapturedRequest) => string;
}

/** Sends captured requests to a base URL, in their order, each once. `shots` are in the order of the capture. */
export async function replay(options: ReplayOptions): Promise<LoadResult> {
  const { requests, concurrency = 16 } = options;
  const shots: Shot[] = [];
  const startedMs = monotonicMs();
  let next = 0;
  const run = async (number: number) => {
    const client = new KeepAliveClient(options.url);
    for (let index = next++; index < requests.length; index = next++) {
      const dueMs =
        options.ratePerSecond === undefined ? null : startedMs + (index * 1000) / options.ratePerSecond;
      const waitMs = dueMs === null ? 0 : dueMs - monotonicMs();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const request = requests[index];
      if (request !== undefined) shots[index] = await shoot(options, client, number, request, dueMs);
    }
    client.close();
  };
  await Promise.all(
    Array.from({ length: Math.min(concurrency, requests.length) }, (_, number) => run(number)),
  );
  return summarize(shots);
}

async function shoot(
  options: ReplayOptions,
  client: KeepAliveClient,
  number: number,
  request: CapturedRequest,
  dueMs: number | null,
): Promise<Shot> {
  const startedMs = dueMs ?? monotonicMs();
  const shot = { client: number, startedMs };
  try {
    const answer = await client.exchange(toBytes(options, request), request.method, options.timeoutMs);
    const note = options.note?.(answer, request) ?? '';
    const latencyMs = monotonicMs() - startedMs;
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

function toBytes(options: ReplayOptions, request: CapturedRequest): Buffer {
  const headers: Record<string, string> = { ...options.headers };
  for (let at = 0; at < request.headers.length; at += 2) {
    headers[request.headers[at] ?? ''] = request.headers[at + 1] ?? '';
  }
  const { method, target, body } = request;
  const hasBody = body.length > 0 || method === 'POST' || method === 'PUT' || method === 'PATCH';
  return format(
    { method, target, headers, ...(hasBody ? { body } : {}) },
    options.host ?? new URL(options.url).host,
  );
}
