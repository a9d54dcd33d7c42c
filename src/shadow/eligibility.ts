// HOT: a few comparisons; most requests leave at the first line or the last.
import type { Ineligible } from '../core/observation.ts';
import type { HeaderFields } from '../core/headers.ts';
import { isSafeMethod } from '../core/methods.ts';

/** Carried by copies only; a request that brings it is not copied again, so that no loop can grow. */
export const COPY_MARKER = 'x-cutover-copy';

/** What eligibility is decided on. */
export interface Candidate {
  readonly method: string;
  readonly fields: HeaderFields;
  readonly upgrade: string;
  readonly expectsContinue: boolean;
  /** The request came with {@link COPY_MARKER}. */
  readonly marked: boolean;
  /** The route allows its writes to be copied. */
  readonly copyWrites: boolean;
}

/** Why a request is never copied, or null when it may be. */
export function ineligibleBecause(request: Candidate): Ineligible | null {
  if (!isSafeMethod(request.method) && !request.copyWrites) return 'method';
  if (request.marked) return 'marked';
  if (request.upgrade !== '') return 'upgrade';
  if (request.expectsContinue) return 'expect';
  if (request.fields.has('range')) return 'range';
  return null;
}
