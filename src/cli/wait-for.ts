import type { Status } from '../control/schema/status.ts';
import { monotonicMs } from '../core/clock.ts';
import { CutoverError } from '../core/errors.ts';
import { EXIT } from './exit-codes.ts';
import { isLost, isMet } from './goal.ts';
import type { Goal } from './goal.ts';
import { INTERRUPTED, interrupted, patiently, pause } from './patience.ts';

/** How `wait` ended, and the last state it saw. */
export interface Waited {
  readonly outcome: 'met' | 'aborted' | 'timed_out';
  readonly waitedMs: number;
  readonly last: Status | null;
}

export interface Waiting {
  readonly goal: Goal;
  readonly read: () => Promise<Status>;
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  /** Hears of every reading, and of a gateway that does not answer. */
  readonly tell: (reading: Status | CutoverError) => void;
}

/** Time for the last look, when the wait itself is over. */
const LAST_LOOK_MS = 500;

/**
 * Looks until the goal is met, lost, or the time is over. A gateway that does not answer is asked again: it may be
 * starting. @throws CutoverError INTERRUPTED, and whatever else than silence keeps it from answering
 */
export async function waitFor(waiting: Waiting): Promise<Waited> {
  const { goal, timeoutMs, intervalMs, signal, tell } = waiting;
  const startMs = monotonicMs();
  const leftMs = (): number => startMs + timeoutMs - monotonicMs();
  let last: Status | null = null;
  for (;;) {
    const reading = await look(waiting, Math.max(leftMs(), LAST_LOOK_MS));
    tell(reading);
    const waited = { waitedMs: Math.round(monotonicMs() - startMs) };
    if (!(reading instanceof CutoverError)) {
      last = reading;
      if (isMet(goal, last)) return { ...waited, outcome: 'met', last };
      if (isLost(goal, last)) return { ...waited, outcome: 'aborted', last };
    }
    if (leftMs() <= 0) return { ...waited, outcome: 'timed_out', last };
    if (!(await pause(Math.min(intervalMs, leftMs()), signal))) throw interrupted();
  }
}

/** One reading, or why there was none. */
async function look({ read, signal }: Waiting, withinMs: number): Promise<Status | CutoverError> {
  try {
    return await patiently(read(), withinMs, signal);
  } catch (error) {
    const silent = error instanceof CutoverError && error.exitCode === EXIT.unreachable;
    if (!silent || error.code === INTERRUPTED) throw error;
    return error;
  }
}
