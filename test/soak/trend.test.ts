import { expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { gain, trendProblems } from './trend.ts';
import type { Sample } from './trend.ts';

const MIB = 2 ** 20;
const BOUNDS = { rssBytes: 24 * MIB, descriptors: 32 };
const SECONDS = 1_200;

/** Samples with the noise of a collector: a saw of 30 MiB, peaks, and descriptors that come and go. */
function samples(bytesPerSecond: number, descriptorsPerSecond = 0): Sample[] {
  const random = seededRandom(7);
  return Array.from({ length: SECONDS }, (_, second) => ({
    atMs: second * 1_000,
    rssBytes:
      400 * MIB +
      (second % 45) * 0.7 * MIB +
      (random.next() < 0.05 ? 100 * MIB : 0) +
      bytesPerSecond * second,
    descriptors: Math.floor(150 + random.next() * 12 + descriptorsPerSecond * second),
  }));
}

const rss = (sample: Sample): number => sample.rssBytes;

test('a saw with peaks is flat, and so is one that falls', () => {
  expect(trendProblems(samples(0), BOUNDS)).toEqual([]);
  expect(trendProblems(samples(-50_000), BOUNDS)).toEqual([]);
});

test('a leak of some bytes per request is found below the noise', () => {
  const leaky = samples(40_000);
  expect(gain(leaky, rss) / MIB).toBeCloseTo((40_000 * SECONDS) / MIB, -1);
  expect(trendProblems(leaky, BOUNDS)).toEqual([
    expect.stringMatching(/^resident memory grew by \d+\.\d MiB/),
  ]);
});

test('a leak of one descriptor in half a minute is found', () => {
  expect(trendProblems(samples(0, 1 / 30), BOUNDS)).toEqual([expect.stringMatching(/^descriptors grew by/)]);
});

test('one step at the very end is no trend yet', () => {
  const stepped = samples(0).map((sample, second) =>
    second < SECONDS - 60 ? sample : { ...sample, rssBytes: sample.rssBytes + 100 * MIB },
  );
  expect(trendProblems(stepped, BOUNDS)).toEqual([]);
});
