import { expect, test } from 'vitest';
import { ClassTable } from '../../src/telemetry/classes.ts';
import { recordUs } from '../../src/telemetry/histogram.ts';
import { Recorder } from '../../src/telemetry/recorder.ts';
import { summarise } from '../../src/telemetry/summary.ts';
import { WindowKeeper } from '../../src/telemetry/window.ts';

const gauges = {
  connections: 0,
  exchanges: 0,
  copiesInFlight: 0,
  copyBytes: 0,
  tunnels: 0,
  diffQueue: 0,
  rssBytes: 0,
  loopDelayMs: 0,
  accessLogDropped: 0,
  refused: { limit: 0, dropped: 0, address: 0 },
  tallies: { copies: [], tunnels: [] },
  states: { idle: 0, head: 0, exchange: 0, closing: 0 },
  upstreams: [],
};

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
  for (const delta of recorder.take(1, gauges)) keeper.add(delta);
  const { pairLatency } = summarise(keeper.total());
  expect([pairLatency.legacy.samples, pairLatency.candidate.samples]).toEqual([100, 100]);
  expect(pairLatency.legacy.p50Us).toBeLessThan(1_020);
  expect(pairLatency.candidate.p50Us).toBeGreaterThan(4_900);
});
