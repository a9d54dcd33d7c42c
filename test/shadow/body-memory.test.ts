import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { BodyCopy } from '../../src/shadow/body-copy.ts';
import { BodyMemory, type Region } from '../../src/shadow/body-memory.ts';
import { CopyBudget } from '../../src/shadow/budget.ts';

const KIB = 1_024;
const MANY = 1_000_000;

function taken(memory: BodyMemory, bytes: number, count: number): Region[] {
  return Array.from({ length: count }, () => memory.take(bytes)).filter((region) => region !== null);
}

test('no two bodies that are held at once lie in the same place, whatever comes and goes', () => {
  const sizes = fc.integer({ min: 1, max: 70 * KIB });
  fc.assert(
    fc.property(fc.array(fc.tuple(sizes, fc.boolean()), { maxLength: 200 }), (steps) => {
      const memory = new BodyMemory();
      const held: { region: Region; mark: number; bytes: number }[] = [];
      for (const [mark, [bytes, frees]] of steps.entries()) {
        if (frees) held.shift()?.region.release();
        const region = memory.take(bytes);
        if (region === null) continue;
        region.bytes.subarray(0, bytes).fill(mark % 251);
        held.push({ region, mark, bytes });
      }
      for (const { region, mark, bytes } of held)
        expect(region.bytes.subarray(0, bytes).every((byte) => byte === mark % 251)).toBe(true);
      expect(memory.taken).toBe(held.length);
    }),
    { numRuns: 30 },
  );
});

test('memory has an end, and a size that nobody needs any more makes room for another one', () => {
  const memory = new BodyMemory();
  const small = taken(memory, KIB, MANY);
  expect(small).toHaveLength((LIMITS.bodySlabs * LIMITS.bodySlabBytes) / KIB);
  expect(memory.take(KIB)).toBeNull();
  expect(memory.take(20 * KIB)).toBeNull();
  for (const region of small) region.release();
  expect(memory.take(20 * KIB)?.bytes.length).toBe(24 * KIB);
  expect(memory.take(65 * KIB)).toBeNull();
});

test('a body that comes in chunks is the same in shared memory as on the heap, and nothing stays taken', () => {
  const chunks = fc.array(fc.nat(30 * KIB), { maxLength: 6 });
  fc.assert(
    fc.property(chunks, fc.integer({ min: -1, max: 100_000 }), fc.boolean(), (sizes, announced, full) => {
      const parts = sizes.map((bytes, index) => Buffer.alloc(bytes, index + 1));
      const memory = new BodyMemory();
      const others = full ? taken(memory, 64 * KIB, MANY) : [];
      const body = new BodyCopy(new CopyBudget(1, MANY), MANY, { memory });
      body.announced(announced);
      for (const part of parts) body.add(part);
      expect(Buffer.compare(body.body(), Buffer.concat(parts))).toBe(0);
      body.free();
      expect([body.body().length, memory.taken]).toEqual([0, others.length]);
    }),
    { numRuns: 25 },
  );
}, 60_000);

test('a body that somebody else holds stays where it is after it was freed', () => {
  const memory = new BodyMemory();
  const body = new BodyCopy(new CopyBudget(1, MANY), MANY, { memory });
  body.add(Buffer.from('first'));
  const [bytes, held] = [body.body(), body.hold()];
  body.free();
  body.free();
  const other = new BodyCopy(new CopyBudget(1, MANY), MANY, { memory });
  other.add(Buffer.from('other'));
  expect(bytes.toString()).toBe('first');
  held?.release();
  const third = new BodyCopy(new CopyBudget(1, MANY), MANY, { memory });
  third.add(Buffer.from('third'));
  expect(bytes.toString()).toBe('third');
});
