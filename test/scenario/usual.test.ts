import { expect, test } from 'vitest';
import { changedSettings, usualTimes } from '../../src/scenario/usual.ts';
import { trafficSchema } from '../../src/scenario/schema-traffic.ts';

const TRAFFIC = [
  trafficSchema.parse({
    rate: '400/s',
    mix: [
      { path: '/', weight: 3 },
      { method: 'POST', path: '/', weight: 1 },
    ],
  }),
  trafficSchema.parse({ at: '10s', for: '5s', rate: '50/s', file: './a.gor' }),
];

test('the time of the defaults comes from the traffic, the margins and the times of the schema', () => {
  const times = usualTimes(TRAFFIC, 2);
  expect(times).toMatchObject({ perSecond: 350, pairsPerSecond: 35, pairs: 3_586 });
  expect(times?.pairsMs).toBeCloseTo((3_586 / 35) * 1_000, 6);
  const [minute, hour] = [60_000, 3_600_000];
  expect(times?.phases).toEqual([
    { phase: 'shadow', ms: 15 * minute, times: 1 },
    { phase: 'canary', ms: hour, times: 1 },
    { phase: 'regional', ms: 24 * hour, times: 2 },
    { phase: 'enforce', ms: 24 * hour, times: 1 },
  ]);
  expect(times?.totalMs).toBe(15 * minute + hour + 72 * hour);
});

test('where traffic is too little for the least time, the pairs decide', () => {
  const slow = trafficSchema.parse({ rate: '10/s', mix: [{ path: '/' }] });
  expect(usualTimes([slow], 0)?.phases[0]).toEqual({ phase: 'shadow', ms: 3_586_000, times: 1 });
});

test('settings that differ from the defaults are shown beside them, with what the default needs', () => {
  const times = usualTimes(TRAFFIC, 2);
  const rollout = {
    window: '1s',
    shadow: { sample: '100%', dwell: '15m' },
    regional: { dwell: '1s', steps: [{ region: 'eu-west', share: '50%' }] },
    gates: { minPairs: 300, differences: { margin: '0.5pp' } },
  };
  expect(changedSettings({ rollout }, times)).toEqual([
    { key: 'window', here: '1s', usual: '10s', needsMs: 10_000 },
    { key: 'shadow.sample', here: '100%', usual: '10%', needsMs: times?.pairsMs },
    { key: 'regional.dwell', here: '1s', usual: '24h', needsMs: 48 * 3_600_000 },
    { key: 'gates.minPairs', here: '300', usual: '1000', needsMs: (1_000 / 35) * 1_000 },
    { key: 'gates.differences.margin', here: '0.5pp', usual: '0.1pp', needsMs: times?.pairsMs },
  ]);
  expect(changedSettings({}, times)).toEqual([]);
});
