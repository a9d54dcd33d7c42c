// HOT: a few lookups; most requests leave at the first line or the last.
import type { Ineligible } from '../core/observation.ts';
import type { HeaderFields } from '../core/headers.ts';
import { isSafeMethod } from '../core/methods.ts';

/** Carried by copies only, so that services can tell them; a request that brings it is not copied again. */
export const COPY_MARKER = 'x-cutover-copy';

/**
 * What is left of the marker when a copy is passed on by the next gateway: enough that no gateway on its way copies
 * it again, so that no loop can grow, and nothing that a service would take for a copy.
 */
export const COPY_GUARD = 'x-cutover-copied';

/** What eligibility is decided on. */
export interface Candidate {
  readonly method: string;
  readonly fields: HeaderFields;
  readonly upgrade: string;
  readonly expectsContinue: boolean;
  /** The request came with {@link COPY_MARKER} or {@link COPY_GUARD}. */
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
  const { fields } = request;
  if (fields.has('range')) return 'range';
  if (fields.get('accept')?.includes('text/event-stream') === true) return 'event_stream';
  if (!isSafeMethod(request.method) && fields.get('content-type')?.startsWith('application/grpc') === true) {
    return 'grpc';
  }
  return null;
}

/** Whether a request is a copy, or once was one. */
export function isMarked(fields: HeaderFields): boolean {
  return fields.has(COPY_MARKER) || fields.has(COPY_GUARD);
}
