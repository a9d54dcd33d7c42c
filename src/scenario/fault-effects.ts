import { hash32, stickyPosition } from '../core/hash.ts';
import type { ReadyAnswer } from './answers.ts';
import { stepsOf } from './pointer.ts';
import type { Fault } from './schema-faults.ts';

/** A fault that is on, with the number that keeps its requests apart from those of other faults. */
export interface ActiveFault {
  readonly number: number;
  readonly fault: Fault;
}

/** What becomes of one request: it is answered, never answered, or its connection is reset. */
export type Effect =
  | { readonly kind: 'answer'; readonly answer: ReadyAnswer }
  | { readonly kind: 'hang' | 'reset' };

/**
 * What the faults that are on make of an answer. Whether one hits a request depends on the seed and the request
 * alone, so that a second run hits the same ones.
 * @param key stable name of the request
 */
export function withFaults(
  answer: ReadyAnswer,
  active: readonly ActiveFault[],
  request: { readonly path: string; readonly key: string; readonly seed: number },
): Effect {
  let changed = answer;
  for (const { fault, number } of active) {
    if (!hits(fault, hash32(`fault ${number}`, request.seed), request)) continue;
    if (fault.kind === 'hang' || fault.kind === 'reset') return { kind: fault.kind };
    changed = changedBy(fault, changed);
  }
  return { kind: 'answer', answer: changed };
}

function hits(fault: Fault, salt: number, { path, key }: { path: string; key: string }): boolean {
  if (fault.path !== undefined && !path.startsWith(fault.path)) return false;
  return stickyPosition(salt, key) < fault.share;
}

function changedBy(fault: Fault, answer: ReadyAnswer): ReadyAnswer {
  switch (fault.kind) {
    case 'latency':
      return { ...answer, delayMs: answer.delayMs * (1 + (fault.slower ?? 0)) + (fault.delay ?? 0) };
    case 'error': {
      const body = Buffer.from('{"error":"a fault of the rehearsal"}');
      return { ...answer, status: fault.status, headers: { 'content-type': 'application/json' }, body };
    }
    case 'field':
      return { ...answer, body: withField(answer.body, fault.pointer, fault.value) };
    case 'hang':
    case 'reset':
    case 'restart':
      return answer;
  }
}

/** The body with one field changed, or without it; a body that is no JSON or has no such place stays as it is. */
function withField(body: Buffer, pointer: string, value: unknown): Buffer {
  const root = parsed(body);
  const names = stepsOf(pointer);
  const last = names.pop();
  let place: unknown = root;
  for (const name of names) place = isMap(place) ? place[name] : undefined;
  if (!isMap(place) || last === undefined) return body;
  if (value === undefined) delete place[last];
  else place[last] = value;
  return Buffer.from(JSON.stringify(root));
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
