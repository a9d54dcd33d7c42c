import { LIMITS } from '../core/limits.ts';

/** Clients that were not let in for one reason, since the previous delta. */
export interface Denial {
  /** What kind of proof was not enough: the code of the refusal. */
  readonly by: string;
  readonly reason: string;
  readonly count: number;
  /** The last of them: its address, and who it says it is ('' for nobody). */
  readonly address: string;
  readonly identity: string;
}

/** Counts denied clients of one worker by reason. Reasons are a closed set and OpenSSL's names; more than a bound are one. */
export class Denials {
  private byReason = new Map<string, Denial>();

  note(by: string, reason: string, address: string, identity: string): void {
    const key = `${by} ${reason}`;
    const isFull = this.byReason.size >= LIMITS.denialReasons && !this.byReason.has(key);
    const place = isFull ? `${by} other` : key;
    const count = (this.byReason.get(place)?.count ?? 0) + 1;
    this.byReason.set(place, { by, reason: isFull ? 'other' : reason, count, address, identity });
  }

  /** Everything since the previous call. */
  take(): readonly Denial[] {
    const taken = [...this.byReason.values()];
    if (taken.length > 0) this.byReason = new Map();
    return taken;
  }
}
