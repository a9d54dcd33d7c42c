import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedQueue } from '../../src/core/bounded-queue.ts';
import { failure, failureCodes } from '../../src/core/errors.ts';
import { stickyPosition } from '../../src/core/hash.ts';
import { HeaderFields } from '../../src/core/headers.ts';
import { isRequestId, newRequestId, siblingTraceparent, traceparentFor } from '../../src/core/ids.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { seededRandom } from '../../src/core/random.ts';
import {
  formatDuration,
  parseDurationMs,
  parsePercentagePoints,
  parseRatePerSecond,
  parseShare,
  parseSizeBytes,
} from '../../src/core/units.ts';

test('a bounded queue is a queue, and refuses what does not fit', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(), { nil: null }), { maxLength: 60 }), (steps) => {
      const queue = new BoundedQueue<number>(4);
      const model: number[] = [];
      for (const step of steps) {
        if (step === null) expect(queue.shift()).toBe(model.shift());
        else {
          expect(queue.push(step)).toBe(model.length < 4);
          if (model.length < 4) model.push(step);
        }
        expect(queue.length).toBe(model.length);
      }
    }),
  );
});

test('header fields are found in any case, kept apart and removed completely', () => {
  const fields = new HeaderFields(['Set-Cookie', 'a=1', 'X-A', '1', 'set-cookie', 'b=2']);
  expect(fields.all('set-cookie')).toEqual(['a=1', 'b=2']);
  const copy = fields.copy();
  copy.set('x-a', '2');
  copy.remove('set-cookie');
  expect(copy.flat()).toEqual(['x-a', '2']);
  expect([fields.get('x-a'), fields.size]).toEqual(['1', 3]);
});

test('header fields agree with a plain list under any sequence of changes', () => {
  const name = fc.constantFrom('A', 'a', 'B', 'content-type', 'Content-Type');
  const step = fc.tuple(fc.constantFrom('append', 'set', 'remove'), name, fc.string({ maxLength: 3 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const fields = new HeaderFields();
      let model: [string, string][] = [];
      for (const [what, key, value] of steps) {
        const lower = key.toLowerCase();
        if (what !== 'append') model = model.filter(([one]) => one.toLowerCase() !== lower);
        if (what !== 'remove') model.push([key, value]);
        if (what === 'append') fields.append(key, value);
        else if (what === 'set') fields.set(key, value);
        else fields.remove(lower);
        expect(fields.flat()).toEqual(model.flat());
      }
    }),
  );
});

test('sticky positions are even: every tenth of the range gets a tenth of the keys', () => {
  const buckets = Array.from({ length: 10 }, () => 0);
  for (let user = 0; user < 20_000; user += 1) {
    const bucket = Math.floor(stickyPosition(7, `user-${user}`) * 10);
    buckets[bucket] = (buckets[bucket] as number) + 1;
  }
  // 4 standard deviations of a binomial count.
  for (const count of buckets) expect(Math.abs(count - 2_000)).toBeLessThan(4 * Math.sqrt(2_000 * 0.9));
});

test('two salts order the same keys independently', () => {
  let both = 0;
  for (let user = 0; user < 10_000; user += 1) {
    if (stickyPosition(1, `u${user}`) < 0.5 && stickyPosition(2, `u${user}`) < 0.5) both += 1;
  }
  expect(Math.abs(both - 2_500)).toBeLessThan(4 * Math.sqrt(2_500 * 0.75));
});

test('request ids do not repeat and pass their own check', () => {
  const ids = new Set(Array.from({ length: 5_000 }, newRequestId));
  expect(ids.size).toBe(5_000);
  expect([...ids].every(isRequestId)).toBe(true);
  for (const bad of ['', 'a b', 'a\n', 'x'.repeat(65), '"']) expect(isRequestId(bad)).toBe(false);
});

test('a valid traceparent is passed on and anything else starts a new trace', () => {
  const valid = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  expect(traceparentFor(valid)).toBe(valid);
  for (const bad of [
    undefined,
    '',
    valid.toUpperCase(),
    valid.replace('4bf', 'xyz'),
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
  ]) {
    expect(traceparentFor(bad)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  }
  expect(siblingTraceparent(valid)).toMatch(
    /^00-4bf92f3577b34da6a3ce929d0e0e4736-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$/,
  );
});

test('units are read exactly and nothing else is', () => {
  expect([parseDurationMs('250ms'), parseDurationMs('1.5s'), parseDurationMs('2h')]).toEqual([
    250, 1_500, 7_200_000,
  ]);
  expect([
    parseSizeBytes('64KiB'),
    parseShare('0.5%'),
    parsePercentagePoints('0.1pp'),
    parseRatePerSecond('500/s'),
  ]).toEqual([65_536, 0.005, 0.001, 500]);
  for (const bad of ['', '5', '-1s', '1 s', '1S', '1e3s', 's', '٣s']) expect(parseDurationMs(bad)).toBeNull();
  for (const bad of ['101%', '-1%', '10', '1 %', 'NaN%']) expect(parseShare(bad)).toBeNull();
});

test('a duration survives being written and read', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000_000), (ms) => {
      expect(parseDurationMs(formatDuration(ms))).toBe(ms);
    }),
  );
});

test('every failure has a status that fits its blame', () => {
  for (const code of failureCodes) {
    const { blame, status } = failure(code);
    if (status === 0) continue;
    const client = blame === 'client' || code === 'no_route';
    expect([
      code,
      client ? status < 500 || code === 'not_implemented' || code === 'version_not_supported' : status >= 500,
    ]).toEqual([code, true]);
  }
});

/** Parts of a whole, and a factor: no integers. */
const FRACTIONS = /(?:Share|Shrink|Grow|Least|Earning)$/;

test('every limit is a positive number that an integer can hold, a part of a whole, or a documented zero', () => {
  for (const [name, value] of Object.entries(LIMITS)) {
    const isPart = FRACTIONS.test(name) && value > 0 && value < 2;
    const isWhole = Number.isSafeInteger(value) && (value > 0 || name === 'totalTimeoutMs');
    expect([name, isPart || isWhole]).toEqual([name, true]);
  }
});

test('one seed gives one sequence', () => {
  const draw = (seed: number, seeded = seededRandom(seed)) => Array.from({ length: 5 }, () => seeded.next());
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});
