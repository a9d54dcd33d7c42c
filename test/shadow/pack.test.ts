import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CapturedAnswer, Pair } from '../../src/core/observation.ts';
import { heldBytes, packBatch, unpackBatch } from '../../src/shadow/pack.ts';

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

test('what is packed is unpacked the same, also after the buffer was transferred', () => {
  fc.assert(
    fc.property(fc.array(pairs, { maxLength: 8 }), (list) => {
      const bytes = list.reduce((sum, pair) => sum + heldBytes(pair), 0);
      const packed = packBatch(7, 3, list, bytes);
      const received = structuredClone(packed, { transfer: [packed.bodies] });
      expect(packed.bodies.byteLength).toBe(0);
      expect([received.batch, received.rules]).toEqual([7, 3]);
      expect(received.bodies.byteLength).toBe(bytes);
      expect(unpackBatch(received)).toEqual(list.map(compared));
    }),
  );
});

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
  const packed = packBatch(1, 0, [pair], heldBytes(pair));
  structuredClone(packed, { transfer: [packed.bodies] });
  expect(shared.toString()).toBe('body');
});
