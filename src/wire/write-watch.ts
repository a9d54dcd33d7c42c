import type { Sweeper } from './sweeper.ts';
import type { WireSocket } from './socket.ts';

/** Notices a peer that takes no more of what is written to it. */
export class WriteWatch {
  private readonly sweeper: Sweeper;
  private deadlineMs = 0;
  private lastProgress = 0;

  constructor(sweeper: Sweeper) {
    this.sweeper = sweeper;
  }

  /** @returns whether nothing has moved for `idleMs` although something was to be written; asked at each sweep */
  isLate(socket: WireSocket, idleMs: number): boolean {
    const { progress } = socket;
    const isMoving = progress !== this.lastProgress;
    this.lastProgress = progress;
    if (progress === 0) this.deadlineMs = 0;
    else if (this.deadlineMs === 0 || isMoving) this.deadlineMs = this.sweeper.deadline(idleMs);
    else return this.sweeper.nowMs >= this.deadlineMs;
    return false;
  }
}
