import type { DifferenceKind } from './observation.ts';

/** Two failures never agree: neither lane has shown what it does. 0: no answer. */
export function isFailure(status: number): boolean {
  return status === 0 || status >= 500;
}

/**
 * What it means that the candidate answers with another status. A failure that became a 4xx is no improvement yet:
 * perhaps the candidate does not know the path.
 * @param legacy,candidate not the same, and not both failures; 0: no answer
 */
export function statusKind(legacy: number, candidate: number): DifferenceKind {
  if (isFailure(candidate)) return 'regressed';
  if (isFailure(legacy)) return candidate < 400 ? 'improved' : 'status';
  if (isDenial(candidate)) return isDenial(legacy) ? 'status' : 'denied';
  return isDenial(legacy) && candidate < 400 ? 'admitted' : 'status';
}

/** Whether a kind says that the statuses of a pair differ, and not for the better. */
export function isStatusKind(kind: DifferenceKind): boolean {
  return kind === 'status' || kind === 'regressed' || kind === 'denied' || kind === 'admitted';
}

function isDenial(status: number): boolean {
  return status === 401 || status === 403;
}
