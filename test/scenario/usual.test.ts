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
  // A thousand answers make legacy's p99 known; 716 pairs beside it prove half a percentage point.
  expect(times?.tailMs).toBeCloseTo((1_000 / 350 + 716 / 35) * 1_000, 6);
  expect(times).toMatchObject({ windows: 357, windowsMs: 3_570_000 });
  const hour = 3_600_000;
  expect(times?.phases).toEqual([
    { phase: 'shadow', ms: 3_570_000, times: 1 },
    { phase: 'canary', ms: hour, times: 1 },
    { phase: 'regional', ms: 24 * hour, times: 2 },
    { phase: 'enforce', ms: 24 * hour, times: 1 },
  ]);
  expect(times?.totalMs).toBe(3_570_000 + hour + 72 * hour);
});

test('where traffic is too little for windows that count, several make one, and the phase takes longer', () => {
  const slow = trafficSchema.parse({ rate: '10/s', mix: [{ path: '/' }] });
  // Ten pairs in a window of 10 s: five of them make one of fifty.
  expect(usualTimes([slow], 1)?.phases.slice(0, 3)).toEqual([
    { phase: 'shadow', ms: 357 * 50_000, times: 1 },
    { phase: 'canary', ms: 3_600_000, times: 1 },
    { phase: 'regional', ms: 24 * 3_600_000, times: 1 },
  ]);
  const slower = trafficSchema.parse({ rate: '0.5/s', mix: [{ path: '/' }] });
  // Half of the bad windows are tolerated on live traffic, so twice as many have to be clean.
  expect(usualTimes([slower], 1)?.phases[2]?.ms).toBe(716 * 1_000_000);
});

test('settings that differ from the defaults are shown beside them, with what the default needs', () => {
  const times = usualTimes(TRAFFIC, 2);
  const rollout = {
    window: '1s',
    shadow: { sample: '100%', dwell: '15m' },
    regional: { dwell: '1s', steps: [{ region: 'eu-west', share: '50%' }] },
    gates: {
      minPairs: 300,
      tail: { margin: '3pp' },
      differences: { margin: '0.5pp' },
      bake: { badWindows: '40%' },
    },
  };
  expect(changedSettings({ rollout }, times)).toEqual([
    { key: 'window', here: '1s', usual: '10s', needsMs: 10_000 },
    { key: 'shadow.sample', here: '100%', usual: '10%', needsMs: times?.pairsMs },
    { key: 'regional.dwell', here: '1s', usual: '24h', needsMs: 48 * 3_600_000 },
    { key: 'gates.minPairs', here: '300', usual: '1000', needsMs: (1_000 / 35) * 1_000 },
    { key: 'gates.tail.margin', here: '3pp', usual: '0.5pp', needsMs: times?.tailMs },
    { key: 'gates.differences.margin', here: '0.5pp', usual: '0.1pp', needsMs: times?.pairsMs },
    { key: 'gates.bake.badWindows', here: '40%', usual: 'auto', needsMs: 3_570_000 },
  ]);
  expect(changedSettings({}, times)).toEqual([]);
});
