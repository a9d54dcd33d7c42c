import { LIMITS } from '../core/limits.ts';
import type { Sweeper } from './sweeper.ts';

/**
 * A client that closed its sending side has most likely hung up, and only writing to it would tell. While bytes move,
 * writing does.
 */
export class HangUpWatch {
  private readonly sweeper: Sweeper;
  private deadlineMs = 0;
  private bytes = 0;

  constructor(sweeper: Sweeper) {
    this.sweeper = sweeper;
  }

  /** @returns whether nothing has moved for `LIMITS.halfCloseGraceMs`; asked at each sweep once its side is closed */
  isGone(bytes: number, isWriting: boolean): boolean {
    if (this.deadlineMs !== 0 && bytes === this.bytes && !isWriting)
      return this.sweeper.nowMs >= this.deadlineMs;
    this.deadlineMs = this.sweeper.deadline(LIMITS.halfCloseGraceMs);
    this.bytes = bytes;
    return false;
  }
}
