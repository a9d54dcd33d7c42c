import type { Status } from '../../src/control/schema/status.ts';

const latency = { samples: 12_004, p50Ms: 4.1, p90Ms: 7.25, p99Ms: 12.1, p999Ms: null };
const none = { n: 0, plus: 0, minus: 0 };
const empty = {
  eligible: 0,
  notSampled: 0,
  sampled: 0,
  dropped: 0,
  tooLarge: 0,
  candidateSaturated: 0,
  sent: 0,
  compared: 0,
  shadowFailed: 0,
  timedOut: 0,
  clientAborted: 0,
  responseTooLarge: 0,
  diffDropped: 0,
  pending: 0,
};

/** A status as the gateway may answer it, in the middle of a regional step. */
export const statusSample: Status = {
  schemaVersion: 1,
  product: 'cutover',
  build: '0.1.0',
  atMs: Date.UTC(2026, 10, 23, 14, 30, 0),
  startedAtMs: Date.UTC(2026, 10, 23, 11, 17, 30),
  rollout: {
    phase: 'regional',
    step: 1,
    steps: 3,
    sinceMs: Date.UTC(2026, 10, 23, 14, 2, 11),
    paused: false,
    bypass: false,
    epoch: 4,
    sequence: 9,
    lastGood: { phase: 'regional', step: 0 },
  },
  shares: [
    { region: 'eu-west', desired: 0.05, actual: 0.0493, requests: 12_004 },
    { region: 'us-east', desired: 0, actual: null, requests: 0 },
  ],
  snapshot: { revision: 9, inEffect: true, configHash: 'c0ffee' },
  observed: {
    fromMs: Date.UTC(2026, 10, 23, 14, 29, 0),
    toMs: Date.UTC(2026, 10, 23, 14, 30, 0),
    windows: 6,
  },
  lanes: {
    legacy: { requests: 11_412, bad: 3, badRatio: 3 / 11_412, perSecond: 190.2, latency },
    candidate: { requests: 592, bad: 0, badRatio: 0, perSecond: 9.87, latency: { ...latency, p99Ms: 120.4 } },
  },
  delta: { p50Ms: -0.1, p90Ms: 0.35, p99Ms: 7.7, p999Ms: null },
  pairs: {
    shadow: {
      accounting: {
        ...empty,
        eligible: 10_000,
        notSampled: 9_000,
        sampled: 1_000,
        dropped: 4,
        candidateSaturated: 6,
        sent: 990,
        compared: 980,
        shadowFailed: 2,
        timedOut: 5,
        pending: 3,
      },
      joint: {
        error: { n: 980, plus: 3, minus: 1 },
        difference: { n: 980, plus: 61, minus: 0 },
        tail: { n: 980, plus: 9, minus: 8 },
      },
    },
    reverse: { accounting: empty, joint: { error: none, difference: none, tail: none } },
  },
  ineligible: { method: 1_412, upgrade: 0 },
  edge: { headers_too_large: 2 },
  classes: 3,
  listeners: [{ address: '127.0.0.1:8080', region: 'eu-west' }],
  workers: [
    {
      slot: 0,
      pid: 4711,
      state: 'serving',
      acknowledgedRevision: 9,
      restarts: 0,
      connections: 118,
      exchanges: 12,
      rssBytes: 96 * 1024 ** 2,
      loopDelayMs: 1.2,
    },
    {
      slot: 1,
      pid: 4712,
      state: 'draining',
      acknowledgedRevision: 8,
      restarts: 1,
      connections: 3,
      exchanges: 1,
      rssBytes: 91 * 1024 ** 2,
      loopDelayMs: 0.42,
    },
  ],
  store: { mode: 'live', message: null },
};
