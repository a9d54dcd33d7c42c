// HOT: one JSON text per batch of pairs; bodies in shared memory stay where they are, others are copied once.
import type { CapturedAnswer, Pair, PairResult } from '../core/observation.ts';
import type { DifferenceRule } from '../core/rules.ts';
import type { ComparedAnswer, ComparedPair } from '../diff/compare.ts';

/** A batch on its way to the diff thread: heads as JSON, and where the bodies are. */
export interface DiffBatch {
  /** Counts up from 1 for each queue, whichever thread gets it. */
  readonly batch: number;
  /** Number of the rules that hold for all of its pairs, see {@link DiffRules}. */
  readonly rules: number;
  readonly heads: string;
  /** Bodies from the heap, one after another; transferred, not cloned. */
  readonly bodies: ArrayBuffer;
  /** Shared memory that this thread has not seen; numbers go on from what it knows. */
  readonly slabs: readonly SharedArrayBuffer[];
}

/** Rules on their way to the diff thread: they come before the first batch that names them, and take the place of others. */
export interface DiffRules {
  readonly rules: number;
  readonly list: readonly DifferenceRule[];
}

/** What the thread says about a batch. A pair named in neither list had no differences, hidden or not. */
export interface DiffAnswer {
  readonly batch: number;
  /** A list of {@link UnequalPair} as JSON, which is half the price of a clone; '' for none. */
  readonly unequal: string;
  /** Indices of pairs whose comparison threw: a defect of ours. */
  readonly failed: readonly number[];
}

export interface UnequalPair {
  readonly index: number;
  readonly result: PairResult;
}

/** Shared memory by the numbers that one diff thread knows it by. */
export class SlabNumbers {
  private readonly numbers = new Map<SharedArrayBuffer, number>();
  private fresh: SharedArrayBuffer[] = [];

  numberOf(memory: SharedArrayBuffer): number {
    const known = this.numbers.get(memory);
    if (known !== undefined) return known;
    this.fresh.push(memory);
    this.numbers.set(memory, this.numbers.size);
    return this.numbers.size - 1;
  }

  /** What the thread has to be told with the next batch. */
  takeFresh(): readonly SharedArrayBuffer[] {
    const { fresh } = this;
    if (fresh.length > 0) this.fresh = [];
    return fresh;
  }
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
  /** Number of the shared memory, or `OWN`: next in `bodies`. */
  slab: number,
  offset: number,
];

const OWN = -1;

/** Bytes of the two bodies of a pair as they are held. */
export function heldBytes(pair: Pair): number {
  return pair.legacy.body.byteLength + pair.candidate.body.byteLength;
}

function isShared({ buffer }: Uint8Array): boolean {
  return buffer instanceof SharedArrayBuffer;
}

function ownBytes({ body }: CapturedAnswer): number {
  return isShared(body) ? 0 : body.byteLength;
}

/** Packs what the comparison needs. Bodies in shared memory must stay as they are until the batch is answered. */
export function packBatch(
  batch: number,
  rules: number,
  pairs: readonly Pair[],
  slabs: SlabNumbers,
): DiffBatch {
  let bytes = 0;
  for (const { legacy, candidate } of pairs) bytes += ownBytes(legacy) + ownBytes(candidate);
  // The slow kind owns its memory: only that can be transferred.
  const bodies = Buffer.allocUnsafeSlow(bytes);
  let offset = 0;
  const packed = (answer: CapturedAnswer): PackedAnswer => {
    const { status, bodyBytes, body, bodyHash = null, fields } = answer;
    const { buffer, byteLength, byteOffset } = body;
    if (buffer instanceof SharedArrayBuffer)
      return [status, bodyBytes, byteLength, bodyHash, fields, slabs.numberOf(buffer), byteOffset];
    bodies.set(body, offset);
    offset += byteLength;
    return [status, bodyBytes, byteLength, bodyHash, fields, OWN, 0];
  };
  const heads = pairs.map((pair): PackedHead => {
    const { requestId, method, conditional, endpoint, target, origin = null, legacy, candidate } = pair;
    return [requestId, method, conditional, endpoint, target, origin, packed(legacy), packed(candidate)];
  });
  return { batch, rules, heads: JSON.stringify(heads), bodies: bodies.buffer, slabs: slabs.takeFresh() };
}

/** The other end of {@link packBatch}, in one thread: it knows the shared memory of all batches before. */
export class Unpacker {
  private readonly slabs: Buffer[] = [];
  private scratch = Buffer.alloc(0);

  /** @returns pairs whose bodies are valid until the next call: nobody else writes to them */
  unpack({ heads, bodies, slabs }: DiffBatch): ComparedPair[] {
    for (const memory of slabs) this.slabs.push(Buffer.from(memory));
    const packed = JSON.parse(heads) as PackedHead[];
    this.makeRoom(packed);
    let own = 0;
    let shared = 0;
    const answer = (said: PackedAnswer): ComparedAnswer => {
      const [status, bodyBytes, keptBytes, bodyHash, fields, slab, offset] = said;
      const isOwn = slab === OWN;
      const body = isOwn
        ? new Uint8Array(bodies, own, keptBytes)
        : this.scratch.subarray(shared, shared + keptBytes);
      if (isOwn) own += keptBytes;
      else shared += (this.slabs[slab] as Buffer).copy(body, 0, offset, offset + keptBytes);
      return { status, bodyBytes, bodyHash, fields, body };
    };
    return packed.map((head) => {
      const [requestId, method, conditional, endpoint, target, origin, legacy, candidate] = head;
      const asked = { requestId, method, conditional, endpoint, target, origin };
      return { ...asked, legacy: answer(legacy), candidate: answer(candidate) };
    });
  }

  private makeRoom(packed: readonly PackedHead[]): void {
    let bytes = 0;
    for (const [, , , , , , legacy, candidate] of packed)
      for (const [, , keptBytes, , , slab] of [legacy, candidate]) if (slab !== OWN) bytes += keptBytes;
    if (bytes > this.scratch.length) this.scratch = Buffer.allocUnsafeSlow(bytes);
  }
}
