import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeaderFields } from '../../src/core/headers.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { BodyCopy } from '../../src/shadow/body-copy.ts';
import { CopyBudget } from '../../src/shadow/budget.ts';
import { ineligibleBecause } from '../../src/shadow/eligibility.ts';
import { templateOf } from '../../src/core/path-template.ts';
import { EndpointTable } from '../../src/shadow/endpoint.ts';
import { RateCap } from '../../src/shadow/rate-cap.ts';

test('a body over its limit is let go of instead of being cut', () => {
  const budget = new CopyBudget(10, 1_000);
  const copy = new BodyCopy(budget, 10);
  copy.add(Buffer.alloc(8));
  copy.add(Buffer.alloc(8));
  expect([copy.overflowed, copy.bytes, copy.body().length, budget.bytes]).toEqual(['limit', 16, 0, 0]);
});

test('bytes taken from the budget always come back', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(60), { maxLength: 8 }), { maxLength: 12 }), (bodies) => {
      const budget = new CopyBudget(10, 300);
      const copies = bodies.map((chunks) => {
        const copy = new BodyCopy(budget, 100);
        for (const size of chunks) copy.add(Buffer.alloc(size));
        return copy;
      });
      expect(budget.bytes).toBeLessThanOrEqual(300);
      for (const copy of copies) {
        copy.free();
        copy.free();
      }
      expect(budget.bytes).toBe(0);
    }),
  );
});

test('a kept body does not change when the buffer it came from is used again', () => {
  const copy = new BodyCopy(new CopyBudget(1, 100), 100);
  const shared = Buffer.from('first');
  copy.add(shared);
  shared.write('later');
  expect(copy.body().toString()).toBe('first');
});

test('a rate cap lets through what it promises and no more', () => {
  const cap = new RateCap(100, 0, 0);
  let taken = 0;
  for (let ms = 0; ms < 10_000; ms += 1) if (cap.take(ms)) taken += 1;
  expect(taken).toBeGreaterThan(990);
  expect(taken).toBeLessThanOrEqual(1_001);
});

test('a ramp starts from nothing and reaches the whole rate', () => {
  const cap = new RateCap(1_000, 10_000, 0);
  const takenIn = (fromMs: number) => {
    let taken = 0;
    for (let ms = fromMs; ms < fromMs + 1_000; ms += 1) if (cap.take(ms)) taken += 1;
    return taken;
  };
  const counts = Array.from({ length: 12 }, (_, second) => takenIn(second * 1_000));
  expect(counts[0]).toBeLessThan(80);
  expect(counts[5]).toBeGreaterThan(450);
  expect(counts[5]).toBeLessThan(650);
  expect(counts[11]).toBeGreaterThan(980);
});

test('a rate cap of zero means no cap', () => {
  const cap = new RateCap(0, 10_000, 0);
  expect(Array.from({ length: 1_000 }, () => cap.take(0)).every(Boolean)).toBe(true);
});

const request = {
  method: 'GET',
  fields: new HeaderFields(),
  upgrade: '',
  expectsContinue: false,
  marked: false,
  copyWrites: false,
};

test('only safe methods are copied unless the route allows writes', () => {
  expect(ineligibleBecause(request)).toBeNull();
  expect(ineligibleBecause({ ...request, method: 'POST' })).toBe('method');
  expect(ineligibleBecause({ ...request, method: 'POST', copyWrites: true })).toBeNull();
});

test('what can not be compared is not copied and says why', () => {
  expect(ineligibleBecause({ ...request, marked: true })).toBe('marked');
  expect(ineligibleBecause({ ...request, upgrade: 'websocket' })).toBe('upgrade');
  expect(ineligibleBecause({ ...request, expectsContinue: true })).toBe('expect');
  expect(ineligibleBecause({ ...request, fields: new HeaderFields(['Range', 'bytes=0-1']) })).toBe('range');
});

test('ids in paths become templates and words stay', () => {
  expect(templateOf('/users/123/orders/7f3a9c10de')).toBe('/users/{id}/orders/{id}');
  expect(templateOf('/u/6ba7b810-9dad-11d1-80b4-00c04fd430c8')).toBe('/u/{id}');
  expect(templateOf('/css/bootstrap.min.css')).toBe('/css/bootstrap.min.css');
  expect(templateOf('/deadbeef')).toBe('/deadbeef');
});

test('the number of endpoints is bounded whatever clients ask for', () => {
  const table = new EndpointTable();
  const seen = new Set<string>();
  for (let index = 0; index < LIMITS.endpoints * 2; index += 1) {
    seen.add(table.endpoint('GET', `/page-${'x'.repeat(index % 30)}${String.fromCodePoint(0x4e00 + index)}`));
  }
  expect(seen.size).toBe(LIMITS.endpoints + 1);
  expect(seen.has('GET {other}')).toBe(true);
});
