import type { CutoverEvent, NotifiedEvent } from '../../core/events.ts';
import { LIMITS } from '../../core/limits.ts';

const MINUTE_MS = 60_000;

type Told = Extract<CutoverEvent, { readonly type: NotifiedEvent }>;

/**
 * Which events are news for somebody who is not looking. A verdict is when it is another one, not when its reason moves;
 * a worker when it was lost; a configuration when it was refused; of new classes so many a minute, because a flood of them
 * must not push a rollback out of a queue.
 */
export class News {
  private said = 'hold';
  private minuteMs = Number.NEGATIVE_INFINITY;
  private classes = 0;

  /** The event when it is news, else null. */
  of(event: CutoverEvent, atMs: number): Told | null {
    switch (event.type) {
      case 'gate':
        return this.isAnotherVerdict(event) ? event : null;
      case 'new_class':
        return this.mayTellClass(atMs) ? event : null;
      case 'worker_down':
        return event.retryInMs >= 0 ? event : null;
      case 'config':
        return event.accepted ? null : event;
      case 'transition':
      case 'kill_switch':
      case 'worker_slow':
      case 'snapshot_late':
      case 'hand_over':
      case 'store':
        return event;
      case 'snapshot':
      case 'worker_up':
      case 'orphan_drained':
      case 'client_denied':
      case 'notify':
        return null;
    }
  }

  private isAnotherVerdict({ verdict, epoch }: CutoverEvent & { type: 'gate' }): boolean {
    // Every epoch begins with hold, so that alone is no news; what another epoch is ready for, or aborts, is.
    const says = verdict === 'hold' ? verdict : `${verdict} ${epoch}`;
    const another = says !== this.said;
    this.said = says;
    return another;
  }

  private mayTellClass(atMs: number): boolean {
    if (atMs - this.minuteMs >= MINUTE_MS) {
      this.minuteMs = atMs;
      this.classes = 0;
    }
    this.classes += 1;
    return this.classes <= LIMITS.newClassLines;
  }
}
