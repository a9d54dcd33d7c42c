// HOT: a deadline is one number written; one timer looks at all of them.
import { monotonicMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';

/** Something with deadlines. */
export interface Swept {
  /** @param nowMs the sweeper's time */
  onSweep(nowMs: number): void;
  onDefect(thrown: unknown): void;
}

/**
 * Coarse deadlines for many connections: setting one costs nothing, passing one is noticed within two sweeps and
 * never early. Its clock goes on by at most two intervals a sweep, so that a stall of this process is not
 * taken for silence of its peers.
 */
export class Sweeper {
  /** Milliseconds of the sweeper's own clock. */
  nowMs = 0;
  private readonly members = new Set<Swept>();
  private readonly extra: (() => void) | null;
  private timer: NodeJS.Timeout | null = null;
  private lastMs = 0;

  /** @param extra is called at each sweep, after the members */
  constructor(extra: (() => void) | null = null) {
    this.extra = extra;
  }

  add(member: Swept): void {
    this.members.add(member);
    this.start();
  }

  remove(member: Swept): void {
    this.members.delete(member);
    if (this.members.size > 0 || this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
  }

  /** The time at which something that starts now and may take `ms` is late; 0, never, for 0. */
  deadline(ms: number): number {
    return ms === 0 ? 0 : this.nowMs + ms + LIMITS.sweepMs;
  }

  private start(): void {
    if (this.timer !== null) return;
    this.lastMs = monotonicMs();
    this.timer = setInterval(() => this.sweep(), LIMITS.sweepMs);
    this.timer.unref();
  }

  private sweep(): void {
    const now = monotonicMs();
    this.nowMs += Math.min(now - this.lastMs, LIMITS.sweepMs * 2);
    this.lastMs = now;
    for (const member of this.members) {
      try {
        member.onSweep(this.nowMs);
      } catch (error) {
        member.onDefect(error);
      }
    }
    this.extra?.();
  }
}
