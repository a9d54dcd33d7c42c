import { CutoverError } from '../core/errors.ts';

/** Something was asked of a node that only the acting supervisor has. */
export function notActing(): CutoverError {
  return new CutoverError('NOT_ACTING', 'another supervisor acts, or is about to', {
    hint: 'cutover status',
  });
}

/** Workers beside those of another supervisor never ran on its snapshot. */
export function notFollowing(): CutoverError {
  return new CutoverError('WORKER_START', 'the workers did not take the snapshot in time', {
    hint: 'the lines above say why',
  });
}
