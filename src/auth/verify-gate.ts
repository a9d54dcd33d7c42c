import { LIMITS } from '../core/limits.ts';

/**
 * Lets a few verifications run at once and a few more wait. Signatures are checked by threads that share the processor
 * with the loop that serves everybody else: a flood of forged tokens gets no more of it than this.
 */
export class VerifyGate {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** @returns whether a place is or will be there; false at once where too many wait */
  enter(): boolean | Promise<boolean> {
    if (this.running < LIMITS.verifications) {
      this.running += 1;
      return true;
    }
    if (this.waiting.length >= LIMITS.verificationsWaiting) return false;
    return new Promise((resolve) => this.waiting.push(() => resolve(true)));
  }

  /** Gives the place to the one that waits longest. */
  leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.running -= 1;
    else next();
  }
}
