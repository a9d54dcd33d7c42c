// HOT: one comparison per request while all is well; everything else happens once a sample.
import { monotonicMs } from '../core/clock.ts';
import { ERROR_HEADER } from '../core/errors.ts';
import { HeaderFields } from '../core/headers.ts';
import { LIMITS } from '../core/limits.ts';
import type { CopyBudget } from '../shadow/budget.ts';
import type { Inbound, InboundHandler } from '../wire/types.ts';

export interface OverloadOptions {
  /** Its copies are given up first. */
  readonly copies: Pick<CopyBudget, 'paused'>;
  /** Exchanges that run. */
  readonly exchanges: () => number;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/** Bounds of one worker, as configured. */
export interface OverloadLimits {
  /** Exchanges at once; further ones are answered 503. */
  readonly maxExchanges: number;
  /** Event-loop delay that may stand for a while, milliseconds; 0: it is no reason to refuse anybody. */
  readonly loopDelayMs: number;
}

/**
 * Admission of one worker. The lateness of a short timer says how long the event loop takes for one round, and so how
 * long a request waits before it is even read. As in CoDel (RFC 8289) it is the smallest lateness of an interval
 * that counts: a pause passes, a standing queue does not. Above the limit the share that is admitted shrinks by how
 * far it is above; well below it the share grows again; in between it stays. Copies go first and come back last.
 */
export class Overload {
  private readonly options: OverloadOptions;
  private limits: OverloadLimits;
  private timer: NodeJS.Timeout | null = null;
  private expectedMs = 0;
  /** Share of requests that is admitted, and what is left of it from the ones before. */
  private admitted = 1;
  private credit = 0;
  private samples = 0;
  private spanMs = 0;
  /** Newest measurements above the limit, in a row: as many as one decision takes, and the delay stands. */
  private lateSamples = 0;
  private leastMs = Number.POSITIVE_INFINITY;
  private calmIntervals = 0;
  private told = false;

  constructor(options: OverloadOptions, limits: OverloadLimits) {
    this.options = options;
    this.limits = limits;
  }

  /** Share of requests that is admitted at the moment, 0 to 1. */
  get admittedShare(): number {
    return this.admitted;
  }

  configure(limits: OverloadLimits): void {
    this.limits = limits;
  }

  /** Watches the event loop from now on. */
  start(): void {
    this.expectedMs = monotonicMs() + LIMITS.overloadSampleMs;
    this.timer = setInterval(() => this.tick(monotonicMs()), LIMITS.overloadSampleMs);
  }

  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  /**
   * Whether the next request is to be refused.
   * @param exchanges that run already
   * @param startedUs when it was read, monotonic: where the delay stands, a round that is late already takes no more work
   */
  refuses(exchanges: number, startedUs: number): boolean {
    const { maxExchanges, loopDelayMs } = this.limits;
    if (exchanges >= maxExchanges) return true;
    // With few exchanges nobody waits for us, however slow a lane is.
    const stands = this.admitted < 1 || this.lateSamples >= LIMITS.overloadSamples;
    if (!stands || exchanges < LIMITS.overloadExchanges) return false;
    if (startedUs / 1_000 - this.expectedMs > loopDelayMs * 2) return true;
    this.credit += this.admitted;
    if (this.credit < 1) return true;
    this.credit -= 1;
    return false;
  }

  /** Takes one measurement: a timer that was due some time ago runs now. */
  tick(nowMs: number): void {
    const lateMs = Math.max(0, nowMs - this.expectedMs);
    this.expectedMs = nowMs + LIMITS.overloadSampleMs;
    const isLate = this.limits.loopDelayMs > 0 && lateMs > this.limits.loopDelayMs;
    this.lateSamples = isLate ? this.lateSamples + 1 : 0;
    this.leastMs = Math.min(this.leastMs, lateMs);
    this.samples += 1;
    this.spanMs += LIMITS.overloadSampleMs + lateMs;
    if (this.samples < LIMITS.overloadSamples || this.spanMs < LIMITS.overloadIntervalMs) return;
    this.judge(this.leastMs);
    this.samples = 0;
    this.spanMs = 0;
    this.leastMs = Number.POSITIVE_INFINITY;
  }

  private judge(leastMs: number): void {
    const { maxExchanges, loopDelayMs } = this.limits;
    const exchanges = this.options.exchanges();
    const busy = exchanges >= LIMITS.overloadExchanges && loopDelayMs > 0;
    if (busy && leastMs > loopDelayMs) {
      const factor = Math.max(LIMITS.overloadShrink, loopDelayMs / leastMs);
      this.admitted = Math.max(LIMITS.overloadLeastShare, this.admitted * factor);
    } else if (!busy || leastMs < loopDelayMs / 2) {
      this.admitted = Math.min(1, this.admitted + LIMITS.overloadGrow);
    }
    const crowded = exchanges >= maxExchanges * LIMITS.overloadCopiesShare;
    const slow = busy && leastMs > loopDelayMs / 2;
    this.pace(crowded || slow, `${exchanges} exchanges, ${delayText(leastMs)}`);
    this.tell(exchanges, leastMs);
  }

  /** Copies stop at half of the limit and come back after some calm. */
  private pace(pressed: boolean, why: string): void {
    const { copies, log } = this.options;
    this.calmIntervals = pressed ? 0 : this.calmIntervals + 1;
    const stop = pressed || this.admitted < 1;
    if (stop === copies.paused) return;
    if (!stop && this.calmIntervals < LIMITS.overloadCalmIntervals) return;
    copies.paused = stop;
    if (stop) log('warn', `copies stop: ${why}`);
    else log('info', 'copies begin again');
  }

  private tell(exchanges: number, leastMs: number): void {
    const refusing = this.admitted < 1 || exchanges >= this.limits.maxExchanges;
    if (refusing === this.told) return;
    this.told = refusing;
    if (!refusing) return this.options.log('info', 'overload is over: every request is admitted');
    const delay = delayText(leastMs);
    this.options.log('warn', `overload: ${exchanges} exchanges, ${delay}: some requests are answered 503`);
  }
}

function delayText(delayMs: number): string {
  return `${Math.round(delayMs)} ms of event-loop delay`;
}

const BODY = Buffer.from('Service Unavailable (overloaded)\n');

/**
 * Answers one request 503 and keeps its connection: a client that has to connect again costs more than one that asks
 * again. A short body is read first, because an answer before its end would close the connection.
 */
export function refuse(inbound: Inbound): void {
  const { framing, contentLength, expectsContinue } = inbound.head;
  // Who asks before it sends is answered before it sends.
  const waits = framing === 'length' && contentLength <= LIMITS.overloadBodyBytes && !expectsContinue;
  inbound.handle(waits ? new Refusal(inbound) : REFUSED);
  if (!waits) answer(inbound);
}

class Refusal implements InboundHandler {
  private readonly inbound: Inbound;

  constructor(inbound: Inbound) {
    this.inbound = inbound;
  }

  onBodyEnd(): void {
    answer(this.inbound);
  }

  onBody(): void {}
  onWritable(): void {}
  onFinished(): void {}
  onAbort(): void {}
}

const REFUSED: InboundHandler = {
  onBody() {},
  onBodyEnd() {},
  onWritable() {},
  onFinished() {},
  onAbort() {},
};

function answer(inbound: Inbound): void {
  const fields = new HeaderFields([
    ERROR_HEADER,
    'overloaded',
    'Content-Type',
    'text/plain; charset=utf-8',
    'Retry-After',
    '1',
  ]);
  inbound.respond({
    status: 503,
    reason: 'Service Unavailable',
    fields,
    framing: 'length',
    contentLength: BODY.length,
  });
  if (inbound.head.method !== 'HEAD') inbound.write(BODY);
  inbound.end();
}
