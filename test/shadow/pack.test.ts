import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CapturedAnswer, Pair } from '../../src/core/observation.ts';
import type { ComparedAnswer, ComparedPair } from '../../src/diff/compare.ts';
import { heldBytes, packBatch, SlabNumbers, Unpacker } from '../../src/shadow/pack.ts';

const answers: fc.Arbitrary<CapturedAnswer> = fc
  .record({
    status: fc.nat(599),
    fields: fc.array(fc.string({ unit: 'binary' }), { maxLength: 10 }),
    body: fc.uint8Array({ maxLength: 200 }),
    extraBytes: fc.nat(5),
    firstByteUs: fc.nat(),
    totalUs: fc.nat(),
  })
  .map(({ extraBytes, ...rest }) => ({
    ...rest,
    bodyBytes: rest.body.byteLength + extraBytes,
    bodyHash: extraBytes === 0 ? null : 'f00d',
  }));

const pairs: fc.Arbitrary<Pair> = fc.record({
  requestId: fc.string({ unit: 'binary' }),
  direction: fc.constantFrom('shadow', 'reverse'),
  epoch: fc.nat(),
  revision: fc.nat(),
  route: fc.string(),
  region: fc.string(),
  endpoint: fc.string(),
  method: fc.string(),
  target: fc.string(),
  origin: fc.option<string | null>(fc.webUrl()),
  conditional: fc.boolean(),
  legacy: answers,
  candidate: answers,
});

/** The same bytes in memory that both threads see. */
function shared(body: Uint8Array): Uint8Array {
  const place = Buffer.from(new SharedArrayBuffer(body.byteLength + 3), 3);
  place.set(body);
  return place;
}

function movedAt(pair: Pair, which: number): Pair {
  const { legacy, candidate } = pair;
  return {
    ...pair,
    legacy: (which & 1) === 0 ? legacy : { ...legacy, body: shared(legacy.body) },
    candidate: (which & 2) === 0 ? candidate : { ...candidate, body: shared(candidate.body) },
  };
}

test('what is packed is unpacked the same, from shared memory and after the buffer was transferred', () => {
  const slabs = new SlabNumbers();
  const unpacker = new Unpacker();
  fc.assert(
    fc.property(fc.array(fc.tuple(pairs, fc.nat(3)), { maxLength: 8 }), (list) => {
      const held = list.map(([pair, which]) => movedAt(pair, which));
      const packed = packBatch(7, 3, held, slabs);
      const received = structuredClone(packed, { transfer: [packed.bodies] });
      expect(packed.bodies.byteLength).toBe(0);
      expect([received.batch, received.rules]).toEqual([7, 3]);
      const unpacked = unpacker.unpack(received).map(plain);
      expect(unpacked).toEqual(list.map(([pair]) => compared(pair)));
      expect(heldBytes(held[0] ?? EMPTY)).toBe(heldBytes(list[0]?.[0] ?? EMPTY));
    }),
  );
});

test('shared memory is told a thread once, and what the thread compares is a copy of its own', () => {
  const slabs = new SlabNumbers();
  const unpacker = new Unpacker();
  const body = shared(Buffer.from('{"a":1}'));
  const answer = { status: 200, fields: [], body, bodyBytes: 7, firstByteUs: 0, totalUs: 0 };
  const pair = { requestId: 'r', method: 'GET', legacy: answer, candidate: answer } as unknown as Pair;
  const first = packBatch(1, 0, [pair], slabs);
  expect([first.slabs.length, first.bodies.byteLength]).toEqual([1, 0]);
  const [unpacked] = unpacker.unpack(first);
  body.fill(0);
  expect(Buffer.from(unpacked?.legacy.body ?? []).toString()).toBe('{"a":1}');
  expect(packBatch(2, 0, [pair], slabs).slabs).toHaveLength(0);
  expect(packBatch(3, 0, [pair], new SlabNumbers()).slabs).toHaveLength(1);
});

const NONE = { body: new Uint8Array() };
const EMPTY = { legacy: NONE, candidate: NONE } as unknown as Pair;

/** Without saying what kind of view a body is. */
function plain(pair: ComparedPair): unknown {
  const { legacy, candidate, ...asked } = pair;
  const answer = (said: ComparedAnswer) => ({ ...said, body: Uint8Array.from(said.body) });
  return { ...asked, legacy: answer(legacy), candidate: answer(candidate) };
}

function compared(pair: Pair): unknown {
  const { requestId, method, conditional, endpoint, target, origin, legacy, candidate } = pair;
  const answer = ({ status, fields, body, bodyBytes, bodyHash }: CapturedAnswer) => ({
    status,
    fields,
    body,
    bodyBytes,
    bodyHash,
  });
  const asked = { requestId, method, conditional, endpoint, target, origin };
  return { ...asked, legacy: answer(legacy), candidate: answer(candidate) };
}

test('packing copies: a body that shares its memory with others stays usable', () => {
  const shared = Buffer.from('xxbodyxx').subarray(2, 6);
  const answer = { status: 200, fields: [], body: shared, bodyBytes: 4, firstByteUs: 0, totalUs: 0 };
  const pair = { requestId: 'r', method: 'GET', legacy: answer, candidate: answer } as unknown as Pair;
  const packed = packBatch(1, 0, [pair], new SlabNumbers());
  structuredClone(packed, { transfer: [packed.bodies] });
  expect(shared.toString()).toBe('body');
});
