// HOT: one Map lookup per sampled request.
import { failure } from '../core/errors.ts';
import type { FailureCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';

interface Lane {
  unanswered: number;
  /** Copies in a row that were not answered in time. */
  late: number;
}

/**
 * Which lanes stay silent. What a lane that hangs takes anew with every timeout is work that the requests of clients
 * wait for: a silent one gets a few copies at a time until it answers one. Each route has its own lane, so that one
 * that hangs takes no copies from the others.
 */
export class Silence {
  /** Lanes with something under way, or that were late last: as many as there are routes. */
  private readonly lanes = new Map<string, Lane>();

  /** Whether a lane is silent and has all the copies that it may have then. */
  isFull(name: string): boolean {
    const lane = this.lanes.get(name);
    if (lane === undefined || lane.late < LIMITS.silentCopies) return false;
    return lane.unanswered >= LIMITS.copiesToSilentLane;
  }

  asked(name: string): void {
    const lane = this.lanes.get(name);
    if (lane === undefined) this.lanes.set(name, { unanswered: 1, late: 0 });
    else lane.unanswered += 1;
  }

  /** It has its answer, or will not get one. @param failed what was given up says nothing about its lane */
  answered(name: string, failed: FailureCode | null): void {
    const lane = this.lanes.get(name);
    if (lane === undefined) return;
    lane.unanswered -= 1;
    if (failed !== 'aborted')
      lane.late = failed !== null && failure(failed).status === 504 ? lane.late + 1 : 0;
    if (lane.unanswered === 0 && lane.late === 0) this.lanes.delete(name);
  }
}
