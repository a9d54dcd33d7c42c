// HOT: two hashes per copy, one object per chosen one.
import type { FailureCode } from '../core/errors.ts';
import { hash32, stickyPosition } from '../core/hash.ts';
import { isSafeMethod } from '../core/methods.ts';
import type { ShadowConfig } from '../core/snapshot.ts';
import { CopyBudget } from './budget.ts';
import type { Copy, CopyCall } from './copy.ts';
import { NoiseLeg } from './noise-leg.ts';
import { Silence } from './silence.ts';

/** Other orders of the same requests than the sample uses. */
const CHOICE_SALT = hash32('noise');
const ORDER_SALT = hash32('noise order');
/** All legs go to one lane. */
const LEGACY = 'legacy';

/**
 * Chooses copies whose request legacy is asked a second time, and holds what those legs take together: places and bytes
 * of their own, so that a slow second legacy costs noise evidence and nothing else.
 */
export class NoiseDesk {
  readonly budget: CopyBudget;
  private readonly silence = new Silence();
  private share: number;

  constructor(shadow: ShadowConfig) {
    this.budget = new CopyBudget(shadow.maxInFlight, shadow.maxBytes);
    this.share = shadow.noiseShare;
  }

  configure(shadow: ShadowConfig): void {
    this.budget.configure(shadow.maxInFlight, shadow.maxBytes);
    this.share = shadow.noiseShare;
  }

  /**
   * The noise leg of a copy that is about to be sent, or null. A write is never asked twice. Whether a request is chosen
   * is drawn by its id, like the order of the two legs: the same ids give the same legs.
   */
  legFor(copy: Copy, start: CopyCall, paused: boolean): NoiseLeg | null {
    const { requestId, method } = copy.subject;
    if (this.share === 0 || !isSafeMethod(method)) return null;
    if (stickyPosition(CHOICE_SALT, requestId) >= this.share) return null;
    if (paused || this.budget.room() !== 'free' || this.silence.isFull(LEGACY)) {
      copy.cell.noise.drop();
      return null;
    }
    // What comes second meets a later state of the world: each leg does so in every other request.
    const first = (hash32(requestId, ORDER_SALT) & 1) === 0;
    return new NoiseLeg(copy, this, start, first);
  }

  asked(): void {
    this.budget.held += 1;
    this.budget.ask();
    this.silence.asked(LEGACY);
  }

  /** A leg has its answer, or will not get one. */
  answered(failed: FailureCode | null): void {
    this.budget.answer();
    this.silence.answered(LEGACY, failed);
  }
}
