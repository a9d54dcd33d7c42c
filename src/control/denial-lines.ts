import type { CutoverEvent } from '../core/events.ts';
import { LIMITS } from '../core/limits.ts';
import type { Denial } from '../telemetry/denials.ts';

type ClientDenied = CutoverEvent & { type: 'client_denied' };

interface Held {
  denial: Denial;
  count: number;
  toldMs: number;
}

/**
 * Which denied clients are told of: of each reason the first at once, then how many there were and who was the last, once a
 * minute. An attack makes no flood of events.
 */
export class DenialLines {
  private readonly byReason = new Map<string, Held>();

  /** Takes in what workers counted. @returns what is to be told now */
  add(denials: readonly Denial[], nowMs: number): ClientDenied[] {
    for (const denial of denials) {
      const key = `${denial.by} ${denial.reason}`;
      const held = this.byReason.get(key) ?? { denial, count: 0, toldMs: Number.NEGATIVE_INFINITY };
      this.byReason.set(key, { ...held, denial, count: held.count + denial.count });
    }
    return this.takeDue(nowMs);
  }

  /** What was held back and is due. */
  takeDue(nowMs: number): ClientDenied[] {
    const told: ClientDenied[] = [];
    for (const [key, held] of this.byReason) {
      if (nowMs - held.toldMs < LIMITS.denialEventMs) continue;
      if (held.count === 0) {
        this.byReason.delete(key);
        continue;
      }
      const { by, reason, address, identity } = held.denial;
      told.push({ type: 'client_denied', by, reason, count: held.count, address, identity });
      this.byReason.set(key, { ...held, count: 0, toldMs: nowMs });
    }
    return told;
  }
}
