import { expect, test } from 'vitest';
import { ClassTable } from '../../src/telemetry/classes.ts';
import { seededRandom } from '../../src/core/random.ts';
import { encodeHistogram, newHistogram, recordUs } from '../../src/telemetry/histogram.ts';
import { Recorder } from '../../src/telemetry/recorder.ts';
import { summarise } from '../../src/telemetry/summary.ts';
import { WindowKeeper } from '../../src/telemetry/window.ts';
import { IDLE_GAUGES } from '../kit/gauges.ts';

test('latency over pairs is that of each lane, whichever of them was the copy', () => {
  const recorder = new Recorder(new ClassTable((endpoint) => endpoint));
  const shadow = recorder.book(1).copyCell('all', 'eu', 'shadow');
  const reverse = recorder.book(1).copyCell('all', 'eu', 'reverse');
  for (let index = 0; index < 50; index += 1) {
    recordUs(shadow.copyLatency, 5_000);
    recordUs(shadow.originalLatency, 1_000);
    recordUs(reverse.copyLatency, 1_000);
    recordUs(reverse.originalLatency, 5_000);
  }
  shadow.decide('not_sampled');
  reverse.decide('not_sampled');
  const keeper = new WindowKeeper(10_000);
  for (const delta of recorder.take(1, IDLE_GAUGES)) keeper.add(delta);
  const { pairLatency } = summarise(keeper.total());
  expect([pairLatency.legacy.samples, pairLatency.candidate.samples]).toEqual([100, 100]);
  expect(pairLatency.legacy.p50Us).toBeLessThan(1_020);
  expect(pairLatency.candidate.p50Us).toBeGreaterThan(4_900);
});

const RUNS = 1_000;
const PAIRS = 3_000;
const SIGMA = 0.6;
const Z_99 = 2.3263478740408408;
const MEDIAN_US = { legacy: 8_000, candidate: 9_000 };

/** Pairs of log-normal service times of a median each, correlated as those of the same requests are. */
function pairsOfRun(random: ReturnType<typeof seededRandom>) {
  const [legacy, candidate] = [newHistogram(), newHistogram()];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
    const angle = 2 * Math.PI * random.next();
    const [one, other] = [radius * Math.cos(angle), radius * Math.sin(angle)];
    recordUs(legacy, MEDIAN_US.legacy * Math.exp(SIGMA * one));
    recordUs(candidate, MEDIAN_US.candidate * Math.exp(SIGMA * (0.8 * one + 0.6 * other)));
  }
  return { legacy: encodeHistogram(legacy), candidate: encodeHistogram(candidate) };
}

test(
  'the true delta of the p99 lies in its interval in 95 of 100 runs and more',
  { timeout: 120_000 },
  () => {
    const random = seededRandom(20_261_124);
    const truth = (MEDIAN_US.candidate - MEDIAN_US.legacy) * Math.exp(SIGMA * Z_99);
    const recorder = new Recorder(new ClassTable((endpoint) => endpoint));
    recorder.book(1).copyCell('all', 'eu', 'shadow').decide('sent');
    const keeper = new WindowKeeper(10_000);
    for (const delta of recorder.take(1, IDLE_GAUGES)) keeper.add(delta);
    const window = keeper.total();
    let held = 0;
    for (let run = 0; run < RUNS; run += 1) {
      const { legacy, candidate } = pairsOfRun(random);
      const copies = window?.copies.map((counts) => ({
        ...counts,
        originalLatency: legacy,
        copyLatency: candidate,
      }));
      const { lowUs, highUs } = summarise(window && { ...window, copies: copies ?? [] }).p99Delta;
      expect([lowUs, highUs]).not.toContain(null);
      if ((lowUs ?? 0) <= truth && truth <= (highUs ?? 0)) held += 1;
    }
    expect(held / RUNS).toBeGreaterThanOrEqual(0.95);
  },
);
