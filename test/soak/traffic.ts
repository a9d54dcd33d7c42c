import { seededRandom } from '../../src/core/random.ts';
import type { RandomSource } from '../../src/core/random.ts';
import { ABORT_STAGES, abortAt, LARGE, SLOW_KINDS, slowClient } from '../kit/chaos-clients.ts';
import { fetchOnce, KeepAliveClient } from '../kit/http-client.ts';
import type { ClientRequest } from '../kit/http-client.ts';

/** Requests a second of well-behaved clients, and troublemakers a second. */
export interface Pace {
  readonly kept: number;
  readonly fresh: number;
  readonly posts: number;
  readonly large: number;
  readonly aborts: number;
  readonly slow: number;
}

/** Light enough for a machine that does other things too, and half a million requests in half an hour. */
export const USUAL_PACE: Pace = { kept: 200, fresh: 20, posts: 20, large: 2, aborts: 10, slow: 2 };

/** What happened so far. */
export interface Tally {
  answers: number;
  aborted: number;
  /** Slow clients that were cut, as they have to be. */
  cut: number;
  errorCount: number;
  /** The first errors of well-behaved clients, and slow clients that were not cut in time. */
  readonly errors: string[];
}

const ERRORS_SHOWN = 20;
const KEPT_CLIENTS = 20;
/** That they are cut at all: the promise of 15 s has a test of its own, and a starved machine counts time slower. */
const SLOW_CUT_MS = 60_000;
const POST_BYTES = 60_000;

/** Mixed traffic, open loop: what is due is sent, whatever became of what was sent before. */
export class Traffic {
  readonly tally: Tally = { answers: 0, aborted: 0, cut: 0, errorCount: 0, errors: [] };
  private readonly url: string;
  private readonly random: RandomSource;
  private readonly kept: KeepAliveClient[];
  private readonly idle: KeepAliveClient[];
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly running = new Set<Promise<void>>();
  private readonly slow = new Set<{ readonly stop: () => void }>();
  private stopped = false;

  constructor(url: string, seed: number) {
    this.url = url;
    this.random = seededRandom(seed);
    this.kept = Array.from({ length: KEPT_CLIENTS }, () => new KeepAliveClient(url));
    this.idle = [...this.kept];
  }

  start(pace: Pace): void {
    this.every(pace.kept, () => this.request());
    this.every(pace.fresh, () => this.answered(fetchOnce(`${this.url}${this.item()}`)));
    this.every(pace.posts, () => this.post());
    this.every(pace.large, () => this.answered(fetchOnce(`${this.url}${LARGE}`)));
    this.every(pace.aborts, () => this.abort());
    this.every(pace.slow, () => this.drip());
  }

  /** Ends all of it; what runs is waited for, slow clients leave. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearInterval(timer);
    for (const client of this.slow) client.stop();
    await Promise.all(this.running);
    for (const client of this.kept) client.close();
  }

  private every(perSecond: number, work: () => Promise<void>): void {
    if (perSecond === 0) return;
    const run = (): void => {
      const promise = work().finally(() => this.running.delete(promise));
      this.running.add(promise);
    };
    this.timers.push(setInterval(run, 1_000 / perSecond));
  }

  private pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.random.next() * values.length)] as T;
  }

  private item(): string {
    return `/api/items/${Math.floor(this.random.next() * 100)}`;
  }

  private async answered(answer: Promise<{ readonly status: number }>): Promise<void> {
    try {
      const { status } = await answer;
      if (status >= 400) this.failed(`status ${status}`);
      else this.tally.answers += 1;
    } catch (error) {
      this.failed(String(error));
    }
  }

  private failed(text: string): void {
    this.tally.errorCount += 1;
    if (this.tally.errors.length < ERRORS_SHOWN) this.tally.errors.push(text);
  }

  /** On a kept connection; when all are busy the request waits for the next turn. */
  private async request(): Promise<void> {
    const client = this.idle.shift();
    if (client === undefined) return;
    await this.answered(client.request({ target: this.item() }));
    this.idle.push(client);
  }

  private post(): Promise<void> {
    const body = Buffer.alloc(Math.floor(this.random.next() * POST_BYTES), 'p');
    const isChunked = this.random.next() < 0.5;
    const request: ClientRequest = isChunked
      ? { body: chunked(body), headers: { 'Transfer-Encoding': 'chunked' } }
      : { body };
    return this.answered(fetchOnce(`${this.url}/api/items`, { method: 'POST', ...request }));
  }

  private async abort(): Promise<void> {
    await abortAt(this.url, this.pick(ABORT_STAGES), this.random.next() < 0.5);
    this.tally.aborted += 1;
  }

  private async drip(): Promise<void> {
    const kind = this.pick(SLOW_KINDS);
    const client = slowClient(this.url, kind);
    this.slow.add(client);
    const tookMs = await client.cut;
    this.slow.delete(client);
    if (this.stopped) return;
    if (tookMs > SLOW_CUT_MS)
      this.failed(`a client with a slow ${kind} was cut after ${Math.round(tookMs)} ms`);
    else this.tally.cut += 1;
  }
}

function chunked(body: Buffer): Buffer {
  const size = (bytes: number): Buffer => Buffer.from(`${bytes.toString(16)}\r\n`);
  const end = Buffer.from('0\r\n\r\n');
  if (body.length === 0) return end;
  return Buffer.concat([size(body.length), body, Buffer.from('\r\n'), end]);
}
