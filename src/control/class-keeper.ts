import { LIMITS } from '../core/limits.ts';
import type { ClassPut } from '../rollout/ports.ts';
import type { Window } from '../telemetry/types.ts';

/** What of the classes of this epoch is not in the list, since this supervisor started. */
export interface LostClasses {
  /** Classes that made room for newer ones. */
  readonly gaveWay: number;
  /** Times that counts of a class found no room among those that are judged. */
  readonly unjudged: number;
}

/** What is known of the place that classes take in the store: nothing goes missing there without a word. */
export class ClassKeeper {
  /** When the current epoch began, milliseconds since the Unix epoch; 0: not known. */
  epochSinceMs = 0;
  gaveWay = 0;
  private epoch = 0;
  private folded = false;
  private readonly warn: (message: string) => void;

  constructor(warn: (message: string) => void) {
    this.warn = warn;
  }

  /** The windows that the store holds, newest last. Of an epoch that is older than all of them nothing is known. */
  recall(windows: readonly Pick<Window, 'epoch' | 'startMs'>[]): void {
    const epoch = windows.at(-1)?.epoch ?? 0;
    if (epoch < this.epoch) return;
    this.epoch = epoch;
    const isWhole = windows.some((window) => window.epoch < epoch);
    const own = windows.filter((window) => window.epoch === epoch).map(({ startMs }) => startMs);
    this.epochSinceMs = isWhole ? Math.min(...own) : 0;
  }

  /** Takes note of the epoch that a delta is of. */
  turnTo(epoch: number, fromMs: number): void {
    if (epoch <= this.epoch) return;
    // The first epoch of a supervisor may have begun long before.
    this.epochSinceMs = this.epoch === 0 ? 0 : fromMs;
    this.epoch = epoch;
    this.gaveWay = 0;
  }

  /** What became of a class; told once each. */
  took({ id, gaveWay }: ClassPut, asked: string): void {
    if (gaveWay > 0 && this.gaveWay === 0) {
      this.warn(
        `the store is full of classes of differences (${LIMITS.storeClasses}): the rarest of this epoch make room for new ones`,
      );
    }
    this.gaveWay += gaveWay;
    if (id === asked || this.folded) return;
    this.folded = true;
    this.warn(
      `an endpoint has more than ${LIMITS.classesPerEndpointKind} classes of differences of one kind: further ones are counted as {other}`,
    );
  }
}
