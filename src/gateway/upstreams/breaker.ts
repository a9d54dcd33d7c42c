// HOT: two numbers per answer; times are compared only after a failure.
import { LIMITS } from '../../core/limits.ts';
import type { EjectionPolicy } from '../../core/snapshot.ts';

/**
 * The failures of one server. Closed: it gets requests. Open, it is ejected: none, until its time is over. Then the
 * next request is a probe, one and no more, whose end closes it or opens it for twice as long. Whether an ejection
 * is allowed is for the group to say. Times are monotonic milliseconds.
 */
export class Breaker {
  state: 'closed' | 'open' | 'half-open' = 'closed';
  /** It was opened because the server could not be reached, which leaves no doubt whose fault it is. */
  isUnreachable = false;
  /** How often it was opened. */
  openings = 0;
  private readonly policy: EjectionPolicy;
  private inRow = 0;
  private calls = 0;
  private failures = 0;
  private sinceMs = 0;
  private lengthMs = 0;
  private untilMs = 0;
  private closedMs = -Infinity;

  constructor(policy: EjectionPolicy) {
    this.policy = policy;
  }

  /** An answer that is no failure. */
  succeeded(): void {
    this.inRow = 0;
    this.calls += 1;
  }

  /** A failure. @returns whether it is one too many */
  failed(isUnreachable: boolean, nowMs: number): boolean {
    if (nowMs - this.sinceMs > LIMITS.ejectionWindowMs) {
      this.sinceMs = nowMs;
      this.calls = 0;
      this.failures = 0;
    }
    this.calls += 1;
    this.failures += 1;
    this.inRow += 1;
    const { failures, share } = this.policy;
    const isShare = this.calls >= LIMITS.ejectionCalls && this.failures >= share * this.calls;
    return isUnreachable || isShare || this.inRow >= failures;
  }

  /** Ejects: for the first length after a good while, else for twice the last one. */
  open(isUnreachable: boolean, nowMs: number): void {
    const { timeMs, maxTimeMs } = this.policy;
    const isFirst = this.state === 'closed' && nowMs - this.closedMs >= maxTimeMs;
    this.lengthMs = isFirst ? timeMs : Math.min(Math.max(this.lengthMs * 2, timeMs), maxTimeMs);
    this.untilMs = nowMs + this.lengthMs;
    this.state = 'open';
    this.isUnreachable = isUnreachable;
    this.openings += 1;
  }

  /** Its time is over; what may not be repeated is taken for a probe only when nothing else comes. */
  isDue(nowMs: number, isRepeatable: boolean): boolean {
    return this.state === 'open' && nowMs >= this.untilMs + (isRepeatable ? 0 : LIMITS.probePatienceMs);
  }

  /** The call that is begun now is the probe. */
  probe(): void {
    this.state = 'half-open';
  }

  /** The probe was given up and says nothing: the next one is due at once. */
  release(): void {
    this.state = 'open';
  }

  close(nowMs: number): void {
    this.state = 'closed';
    this.isUnreachable = false;
    this.closedMs = nowMs;
    this.inRow = 0;
    this.sinceMs = nowMs;
    this.calls = 0;
    this.failures = 0;
  }
}
