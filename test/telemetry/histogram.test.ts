import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addEncoded,
  encodeHistogram,
  mergeEncoded,
  newHistogram,
  recordUs,
  summariseLatency,
} from '../../src/telemetry/histogram.ts';
import { boundsOfQuantile } from '../../src/telemetry/quantile-bounds.ts';

const durations = fc.array(fc.integer({ min: 1, max: 500_000_000 }), { maxLength: 300 });

function encoded(values: readonly number[]): string {
  const histogram = newHistogram();
  for (const value of values) recordUs(histogram, value);
  return encodeHistogram(histogram);
}

test('encoding and decoding keeps every bucket', () => {
  fc.assert(
    fc.property(durations, (values) => {
      const copy = newHistogram();
      addEncoded(copy, encoded(values));
      expect(copy.totalCount).toBe(values.length);
      expect(encodeHistogram(copy)).toBe(encoded(values));
    }),
  );
});

test('merging histograms equals recording everything into one', () => {
  fc.assert(
    fc.property(durations, durations, (one, other) => {
      expect(mergeEncoded([encoded(one), encoded(other)])).toBe(encoded([...one, ...other]));
    }),
  );
});

test('a quantile is within one percent of the exact order statistic', () => {
  const values = Array.from({ length: 5_000 }, (_, index) => 1_000 + index * 7);
  const summary = summariseLatency([encoded(values)]);
  for (const [us, share] of [
    [summary.p50Us, 0.5],
    [summary.p90Us, 0.9],
    [summary.p99Us, 0.99],
  ] as const) {
    const exact = values[Math.ceil(values.length * share) - 1] as number;
    expect(Math.abs((us as number) - exact) / exact).toBeLessThan(0.01);
  }
});

test('a quantile with fewer than ten samples beyond it is not shown', () => {
  const summary = summariseLatency([encoded(Array.from({ length: 999 }, () => 500))]);
  expect(summary.p90Us).not.toBeNull();
  expect(summary.p99Us).toBeNull();
  expect(summariseLatency([encoded(Array.from({ length: 1_000 }, () => 500))]).p99Us).not.toBeNull();
});

test('durations out of range are kept at the nearest end', () => {
  const histogram = newHistogram();
  recordUs(histogram, -5);
  recordUs(histogram, 1e15);
  expect(histogram.totalCount).toBe(2);
});

test('text that is no histogram is refused', () => {
  for (const text of ['x', '1:', ':1', '1:0', '-1:1', 'zzzzzzzzzz:1']) {
    expect(() => addEncoded(newHistogram(), text)).toThrow(RangeError);
  }
});

test('bounds of a quantile are rounded outwards to buckets, and open where samples are few', () => {
  const thousand = encoded(Array.from({ length: 1_000 }, (_, index) => (index + 1) * 1_000));
  const { lowUs, highUs } = boundsOfQuantile([thousand], 0.99, 0.05);
  expect(lowUs).toBeLessThanOrEqual(973_000);
  expect(lowUs).toBeGreaterThan(960_000);
  expect(highUs).toBeNull();
  const many = boundsOfQuantile(
    Array.from({ length: 50 }, () => thousand),
    0.99,
    0.05,
  );
  // Ranks 49,429 and 49,567 of fifty times each value.
  expect(many.lowUs).toBeLessThanOrEqual(989_000);
  expect(many.highUs).toBeGreaterThanOrEqual(992_000);
  expect((many.highUs ?? 0) - (many.lowUs ?? 0)).toBeLessThan(20_000);
  expect(boundsOfQuantile([], 0.99, 0.05)).toEqual({ lowUs: null, highUs: null });
});
