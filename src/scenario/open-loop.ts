import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import type { RandomSource } from '../core/random.ts';
import type { Clients } from './client.ts';
import type { PlannedRequest } from './mix.ts';
import type { Schedule } from './schedule.ts';
import type { ClientTally } from './tally.ts';

/** How often requests that are due are sent. */
const TICK_MS = 1;
const LOOK_MS = 10;

/** One stretch of traffic, ready to be sent. */
export interface Stretch {
  readonly schedule: Schedule;
  readonly clients: Clients;
  readonly random: RandomSource;
  /** The request of an index; drawn in the order of the indices. */
  readonly next: (random: RandomSource, index: number) => PlannedRequest;
}

/**
 * Sends every request when it is due, whether or not earlier ones were answered, and measures from that moment: a
 * stall shows in all requests that were due meanwhile, and not only in the one that met it.
 */
export class OpenLoop {
  private readonly stretches: readonly Stretch[];
  private readonly tally: ClientTally;
  private readonly sent: number[];
  private readonly startMs: number;
  private readonly timer: NodeJS.Timeout;
  private inFlight = 0;
  private closing = false;

  /** Starts at once. */
  constructor(stretches: readonly Stretch[], tally: ClientTally) {
    this.stretches = stretches;
    this.tally = tally;
    this.sent = stretches.map(() => 0);
    this.startMs = monotonicMs();
    this.timer = setInterval(() => this.sendDue(), TICK_MS);
  }

  /** Sends nothing more, waits so long for the answers that are due, and cuts the rest. */
  async stop(waitMs: number): Promise<void> {
    clearInterval(this.timer);
    const deadlineMs = monotonicMs() + waitMs;
    while (this.inFlight > 0 && monotonicMs() < deadlineMs) await sleep(LOOK_MS);
    this.closing = true;
    await Promise.all(this.stretches.map(({ clients }) => clients.close()));
  }

  private sendDue(): void {
    const nowMs = monotonicMs() - this.startMs;
    for (const [at, { schedule }] of this.stretches.entries()) {
      const due = schedule.dueUntil(nowMs);
      for (let index = this.sent[at] ?? 0; index < due; index += 1) this.send(at, index);
      this.sent[at] = due;
    }
  }

  private send(at: number, index: number): void {
    const stretch = this.stretches[at] as Stretch;
    const request = stretch.next(stretch.random, index);
    if (this.inFlight >= LIMITS.rehearsalInFlight) return this.tally.failed('IN_FLIGHT');
    const dueMs = this.startMs + stretch.schedule.dueMs(index);
    this.inFlight += 1;
    stretch.clients.send(request, {
      onAnswer: (status) => {
        this.inFlight -= 1;
        this.tally.answered(status, monotonicMs() - dueMs);
      },
      onError: (code) => {
        this.inFlight -= 1;
        this.tally.failed(this.closing ? 'UNFINISHED' : code);
      },
    });
  }
}
