// HOT: one JSON text and one copy of the bodies per batch of pairs (measured 1.5 µs a pair with 12 fields and 1 KiB of body a side).
import type { CapturedAnswer, Pair, PairResult } from '../core/observation.ts';
import type { DifferenceRule } from '../core/rules.ts';
import type { ComparedAnswer, ComparedPair } from '../diff/compare.ts';

/** A batch on its way to the diff thread: heads as JSON, bodies one after another in a buffer that is transferred. */
export interface DiffBatch {
  /** Counts up from 1 for each queue, whichever thread gets it. */
  readonly batch: number;
  /** Number of the rules that hold for all of its pairs, see {@link DiffRules}. */
  readonly rules: number;
  readonly heads: string;
  readonly bodies: ArrayBuffer;
}

/** Rules on their way to the diff thread: they come before the first batch that names them, and take the place of others. */
export interface DiffRules {
  readonly rules: number;
  readonly list: readonly DifferenceRule[];
}

/** What the thread says about a batch. A pair named in neither list had no differences, hidden or not. */
export interface DiffAnswer {
  readonly batch: number;
  readonly unequal: readonly { readonly index: number; readonly result: PairResult }[];
  /** Indices of pairs whose comparison threw: a defect of ours. */
  readonly failed: readonly number[];
}

type PackedHead = [
  requestId: string,
  method: string,
  conditional: boolean,
  endpoint: string,
  target: string,
  origin: string | null,
  legacy: PackedAnswer,
  candidate: PackedAnswer,
];
type PackedAnswer = [
  status: number,
  bodyBytes: number,
  keptBytes: number,
  bodyHash: string | null,
  fields: readonly string[],
];

/** Bytes of the two bodies of a pair as they are held. */
export function heldBytes(pair: Pair): number {
  return pair.legacy.body.byteLength + pair.candidate.body.byteLength;
}

/**
 * Packs what the comparison needs: the bodies are copied once, and `bodies` is then transferred, not cloned.
 * @param bytes the sum of {@link heldBytes}
 */
export function packBatch(batch: number, rules: number, pairs: readonly Pair[], bytes: number): DiffBatch {
  // The slow kind owns its memory: only that can be transferred.
  const bodies = Buffer.allocUnsafeSlow(bytes);
  const heads: PackedHead[] = [];
  let offset = 0;
  for (const pair of pairs) {
    heads.push(packedHead(pair));
    const { legacy, candidate } = pair;
    bodies.set(legacy.body, offset);
    bodies.set(candidate.body, offset + legacy.body.byteLength);
    offset += heldBytes(pair);
  }
  return { batch, rules, heads: JSON.stringify(heads), bodies: bodies.buffer };
}

function packedHead(pair: Pair): PackedHead {
  const { requestId, method, conditional, endpoint, target, origin = null, legacy, candidate } = pair;
  const answers = [packedAnswer(legacy), packedAnswer(candidate)] as const;
  return [requestId, method, conditional, endpoint, target, origin, ...answers];
}

function packedAnswer({ status, bodyBytes, body, bodyHash = null, fields }: CapturedAnswer): PackedAnswer {
  return [status, bodyBytes, body.byteLength, bodyHash, fields];
}

/** The other end of {@link packBatch}; bodies are views of the transferred buffer. */
export function unpackBatch({ heads, bodies }: DiffBatch): ComparedPair[] {
  let offset = 0;
  const answer = ([status, bodyBytes, keptBytes, bodyHash, fields]: PackedAnswer): ComparedAnswer => {
    const body = new Uint8Array(bodies, offset, keptBytes);
    offset += keptBytes;
    return { status, bodyBytes, bodyHash, fields, body };
  };
  return (JSON.parse(heads) as PackedHead[]).map((head) => {
    const [requestId, method, conditional, endpoint, target, origin, legacy, candidate] = head;
    const asked = { requestId, method, conditional, endpoint, target, origin };
    return { ...asked, legacy: answer(legacy), candidate: answer(candidate) };
  });
}
