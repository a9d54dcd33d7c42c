import { decide } from '../../src/rollout/gates/decide.ts';
import { gateInput } from '../rollout/gates-fixtures.ts';
import { expect, test } from 'vitest';
import { statusSchema } from '../../src/control/schema/status.ts';
import { buildStatus } from '../../src/control/status.ts';
import type { StatusInput } from '../../src/control/status.ts';
import { summarise } from '../../src/telemetry/summary.ts';
import type { Summary } from '../../src/telemetry/summary.ts';
import { at, plan } from '../rollout/fixtures.ts';

const nothing = summarise(null);
const latency = (us: number, samples = 1_000) => ({
  samples,
  p50Us: us,
  p90Us: us * 2,
  p99Us: us * 3,
  p999Us: null,
});

const summary: Summary = {
  ...nothing,
  fromMs: 10_000,
  toMs: 30_000,
  windows: 2,
  lanes: {
    legacy: {
      requests: 200,
      bad: 3,
      abandoned: 0,
      failures: {},
      bytesIn: 1,
      bytesOut: 1,
      latency: latency(4_000),
    },
    candidate: {
      requests: 0,
      bad: 0,
      abandoned: 0,
      failures: {},
      bytesIn: 0,
      bytesOut: 0,
      latency: nothing.lanes.candidate.latency,
    },
  },
  pairs: {
    shadow: {
      ...nothing.pairs.shadow,
      eligible: 200,
      notSampled: 180,
      dropped: 1,
      tooLarge: 2,
      candidateSaturated: 3,
      sent: 14,
      compared: 10,
      timedOut: 1,
      pending: 3,
      joint: { ...nothing.pairs.shadow.joint, error: { n: 10, plus: 1, minus: 2 } },
      copyLatency: latency(1_500, 10),
      originalLatency: latency(4_500, 10),
    },
    reverse: nothing.pairs.reverse,
  },
  pairLatency: { candidate: latency(1_500, 10), legacy: latency(4_500, 10) },
  regions: {
    'eu-west': { requests: 100, candidateRequests: 4 },
    asia: { requests: 10, candidateRequests: 0 },
  },
  ineligible: { method: 7 },
  edge: { filter: 1 },
};

const input: StatusInput = {
  build: '0.1.0',
  atMs: 31_000,
  startedAtMs: 1_000,
  state: { ...at('regional', 0), lastGood: { phase: 'canary', step: 0 } },
  plan,
  gate: decide(gateInput()),
  summary,
  snapshot: { revision: 4, inEffect: true, configHash: 'c' },
  classes: 2,
  listeners: [{ address: '127.0.0.1:8080', region: 'eu-west' }],
  workers: [],
  store: { mode: 'live', message: null },
};

test('fits its schema, with traffic and without', () => {
  expect(statusSchema.parse(buildStatus(input))).toEqual(buildStatus(input));
  expect(() => statusSchema.parse(buildStatus({ ...input, summary: nothing }))).not.toThrow();
});

test('shows the desired share of each region beside the actual one', () => {
  expect(buildStatus(input).shares).toEqual([
    { region: 'eu-west', desired: 0.05, actual: 0.04, requests: 100 },
    { region: 'us-east', desired: 0, actual: null, requests: 0 },
    { region: 'asia', desired: 0, actual: 0, requests: 10 },
  ]);
  const enforced = buildStatus({ ...input, state: at('enforce') }).shares;
  expect(enforced.map((share) => share.desired)).toEqual([1, 1, 1]);
  const bypassed = buildStatus({ ...input, state: { ...at('enforce'), bypass: true } }).shares;
  expect(bypassed.map((share) => share.desired)).toEqual([0, 0, 0]);
});

test('turns counts into rates and microseconds into milliseconds', () => {
  const { legacy, candidate } = buildStatus(input).lanes;
  expect(legacy).toMatchObject({ requests: 200, bad: 3, badRatio: 0.015, perSecond: 10 });
  expect(legacy.latency).toEqual({ samples: 1_000, p50Ms: 4, p90Ms: 8, p99Ms: 12, p999Ms: null });
  expect(candidate).toMatchObject({ badRatio: null, perSecond: 0 });
});

test('keeps the accounting exact', () => {
  const { accounting, joint } = buildStatus(input).pairs.shadow;
  expect(accounting.sampled).toBe(20);
  expect(accounting.eligible).toBe(accounting.notSampled + accounting.sampled);
  expect(joint.error).toEqual({ n: 10, plus: 1, minus: 2 });
});

test('compares the same requests: candidate minus legacy', () => {
  expect(buildStatus(input).delta).toEqual({ p50Ms: -3, p90Ms: -6, p99Ms: -9, p999Ms: null });
  expect(buildStatus(input).pairLatency.candidate).toMatchObject({ samples: 10, p50Ms: 1.5 });
  const unproven = { ...summary, pairLatency: nothing.pairLatency };
  expect(buildStatus({ ...input, summary: unproven }).delta.p50Ms).toBeNull();
});

test('a rule stands beside the pairs in which it hid something, and without traffic beside none', () => {
  const rule = {
    id: 'abc',
    path: 'body/price',
    endpoints: ['GET /items'],
    action: { do: 'tolerance', unit: 'ms', most: 5_000 },
    reason: 'clocks',
    owner: null,
    expiresMs: null,
  } as const;
  const seen = { ...summary.pairs.shadow, ignoredPairs: 2, ignored: { abc: 3 } };
  const status = buildStatus({
    ...input,
    rules: [rule],
    summary: { ...summary, pairs: { ...summary.pairs, shadow: seen } },
  });
  expect(statusSchema.parse(status).rules).toEqual([
    {
      id: 'abc',
      path: 'body/price',
      endpoints: ['GET /items'],
      does: 'tolerance 5s',
      reason: 'clocks',
      owner: null,
      expiresMs: null,
      pairs: 3,
    },
  ]);
  expect(status.pairs.shadow).toMatchObject({ ignoredPairs: 2, ignored: { abc: 3 } });
  expect(buildStatus({ ...input, rules: [rule] }).rules[0]?.pairs).toBe(0);
});
