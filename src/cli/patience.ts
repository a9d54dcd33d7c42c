import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverError } from '../core/errors.ts';
import { formatDuration } from '../core/units.ts';
import { EXIT } from './exit-codes.ts';

/** Code of the error that ends a verb on Ctrl-C; it is never printed. */
export const INTERRUPTED = 'INTERRUPTED';

/** The error that ends a verb on Ctrl-C. */
export function interrupted(): CutoverError {
  return new CutoverError(INTERRUPTED, 'interrupted', { exitCode: EXIT.interrupted });
}

/**
 * Waits for work as long as the user does.
 * @throws CutoverError TIMED_OUT after `timeoutMs`, INTERRUPTED when the signal aborts, and what the work throws
 */
export async function patiently<T>(work: Promise<T>, timeoutMs: number, signal: AbortSignal): Promise<T> {
  const settled = new AbortController();
  const given = AbortSignal.any([signal, settled.signal]);
  const limit = sleep(timeoutMs, undefined, { signal: given }).then(
    () => {
      throw timedOut(timeoutMs);
    },
    () => {
      throw interrupted();
    },
  );
  try {
    return await Promise.race([work, limit]);
  } finally {
    settled.abort();
  }
}

/** Pauses, and ends at once when the signal aborts. @returns whether the time is over */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return await sleep(ms, true, { signal }).catch(() => false);
}

function timedOut(timeoutMs: number): CutoverError {
  return new CutoverError('TIMED_OUT', `the gateway did not answer within ${formatDuration(timeoutMs)}`, {
    hint: 'wait longer: --timeout 1m; to stop the candidate whatever the gateway does: cutover bypass',
    exitCode: EXIT.unreachable,
  });
}
