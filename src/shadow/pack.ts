// HOT: one JSON text and one copy of the bodies per batch of pairs (measured 1.5 µs a pair with 12 fields and 1 KiB of body a side).
import type { CapturedAnswer, Pair, PairResult } from '../core/observation.ts';
import type { ComparedAnswer, ComparedPair } from '../diff/compare.ts';

/** A batch on its way to the diff thread: heads as JSON, bodies one after another in a buffer that is transferred. */
export interface DiffBatch {
  /** Counts up from 1 for each queue, whichever thread gets it. */
  readonly batch: number;
  readonly heads: string;
  readonly bodies: ArrayBuffer;
}

/** What the thread says about a batch. A pair named in neither list had no differences. */
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
  legacy: PackedAnswer,
  candidate: PackedAnswer,
];
type PackedAnswer = [status: number, bodyBytes: number, keptBytes: number, fields: readonly string[]];

/** Bytes of the two bodies of a pair as they are held. */
export function heldBytes(pair: Pair): number {
  return pair.legacy.body.byteLength + pair.candidate.body.byteLength;
}

/**
 * Packs what the comparison needs: the bodies are copied once, and `bodies` is then transferred, not cloned.
 * @param bytes the sum of {@link heldBytes}
 */
export function packBatch(batch: number, pairs: readonly Pair[], bytes: number): DiffBatch {
  // The slow kind owns its memory: only that can be transferred.
  const bodies = Buffer.allocUnsafeSlow(bytes);
  const heads: PackedHead[] = [];
  let offset = 0;
  for (const pair of pairs) {
    const { requestId, method, conditional, legacy, candidate } = pair;
    heads.push([requestId, method, conditional, packedAnswer(legacy), packedAnswer(candidate)]);
    bodies.set(legacy.body, offset);
    bodies.set(candidate.body, offset + legacy.body.byteLength);
    offset += heldBytes(pair);
  }
  return { batch, heads: JSON.stringify(heads), bodies: bodies.buffer };
}

function packedAnswer({ status, bodyBytes, body, fields }: CapturedAnswer): PackedAnswer {
  return [status, bodyBytes, body.byteLength, fields];
}

/** The other end of {@link packBatch}; bodies are views of the transferred buffer. */
export function unpackBatch({ heads, bodies }: DiffBatch): ComparedPair[] {
  let offset = 0;
  const answer = ([status, bodyBytes, keptBytes, fields]: PackedAnswer): ComparedAnswer => {
    const body = new Uint8Array(bodies, offset, keptBytes);
    offset += keptBytes;
    return { status, bodyBytes, fields, body };
  };
  return (JSON.parse(heads) as PackedHead[]).map(([requestId, method, conditional, legacy, candidate]) => {
    return { requestId, method, conditional, legacy: answer(legacy), candidate: answer(candidate) };
  });
}
