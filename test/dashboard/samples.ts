import type { Differences } from '../../src/control/schema/differences.ts';
import type { StatusGate } from '../../src/control/schema/gate.ts';
import type { Status } from '../../src/control/schema/status.ts';
import { knownAtFirst, withStatus } from '../../src/dashboard/known.ts';
import type { Known } from '../../src/dashboard/known.ts';
import { gateSample } from '../cli/gate-sample.ts';
import { statusSample } from '../cli/status-sample.ts';

type Metric = StatusGate['metrics'][number];

const metric = gateSample.metrics[0] as Metric;
const startMs = Date.UTC(2026, 10, 23, 14, 30, 0);

/** A status in the middle of a regional step, with everything shown pinned down here. */
export const regional: Status = {
  ...statusSample,
  build: '0.1.0',
  atMs: startMs,
  startedAtMs: startMs - 11_550_000,
  rollout: { ...statusSample.rollout, phase: 'regional', step: 1, steps: 3, sinceMs: startMs - 1_669_000 },
  gate: {
    ...gateSample,
    verdict: 'hold',
    message: 'error rate (shadow, eu-west): not proven yet',
    metrics: [
      { ...metric, logAdvance: 1.8, needAdvance: Math.log(20), logAbort: 0.1, needAbort: Math.log(400) },
      {
        ...metric,
        metric: 'differences',
        direction: 'reverse',
        plus: 0,
        minus: 0,
        estimate: 0,
        interval: [0, 0.0005],
        logAdvance: 8.4,
        logAbort: 0,
        verdict: 'ready',
        reason: 'PROVEN',
        etaS: 0,
      },
      {
        ...metric,
        metric: 'differences',
        n: 21_000,
        needAdvance: null,
        logAdvance: 0,
        verdict: 'hold',
        etaS: null,
      },
    ],
  },
};

/** The candidate was proven to be worse. */
export const aborting: Status = {
  ...regional,
  gate: {
    ...regional.gate,
    verdict: 'abort',
    reason: 'PROVEN_WORSE',
    message: 'error rate (shadow, eu-west): the candidate is worse: 31 vs 6 discordant in 12000 pairs',
    action: { to: { phase: 'regional', step: 0 }, region: null },
    metrics: [
      ...regional.gate.metrics.slice(1),
      {
        ...metric,
        plus: 31,
        minus: 6,
        estimate: 25 / 12_000,
        interval: [0.0005, 0.004],
        logAdvance: -9,
        logAbort: 6.6,
        verdict: 'abort',
        reason: 'PROVEN_WORSE',
        etaS: null,
      },
    ],
  },
};

const example = {
  requestId: 'r-1',
  atMs: startMs,
  direction: 'shadow' as const,
  epoch: 4,
  method: 'GET',
  target: '/orders/17',
};

/** Three classes, as the gateway answers them. */
export const differences: Differences = {
  schemaVersion: 1,
  compared: 980,
  total: 3,
  classes: [
    {
      id: 'd41d8cd9',
      route: 'api',
      endpoint: 'GET /orders/{id}',
      kind: 'json_type',
      path: '/total',
      count: 412,
      firstSeenMs: startMs - 60_000,
      lastSeenMs: startMs,
      example: {
        ...example,
        difference: { kind: 'json_type', path: '/total', legacy: '10.5', candidate: '"10.50"' },
      },
    },
    {
      id: '98f00b20',
      route: 'api',
      endpoint: 'GET /users/{id}',
      kind: 'header_missing',
      path: 'cache-control',
      count: 188,
      firstSeenMs: startMs - 60_000,
      lastSeenMs: startMs,
      example: {
        ...example,
        difference: { kind: 'header_missing', path: 'cache-control', legacy: 'max-age=60', candidate: null },
      },
    },
    {
      id: '4e980099',
      route: 'rest',
      endpoint: 'POST /login',
      kind: 'status',
      path: 'status/200-500',
      count: 1,
      firstSeenMs: startMs,
      lastSeenMs: startMs,
      example: null,
    },
  ],
};

/** What is known after two and a half minutes: rates that go up and down, three classes, some events. */
export function knownOf(status: Status = regional): Known {
  let known = knownAtFirst('127.0.0.1:9901', status, status.atMs);
  for (let step = 1; step <= 30; step += 1)
    known = withStatus(known, later(status, step), status.atMs + step * 5_000);
  return {
    ...known,
    differences,
    events: [
      { atMs: startMs - 90_000, text: 'advance canary -> regional/1 by ada: reviewed', tone: 'plain' },
      { atMs: startMs + 60_000, text: 'phase regional → regional by ada: next step', tone: 'strong' },
      { atMs: startMs + 61_000, text: 'snapshot 9 is in effect on 2 workers after 12 ms', tone: 'plain' },
      {
        atMs: startMs + 90_000,
        text: 'new difference 4e980099 on POST /login: status status/200-500',
        tone: 'warn',
      },
    ],
  };
}

/** The same status some steps of five seconds later: counters only grow. */
export function later(status: Status, step: number): Status {
  const { legacy, candidate } = status.lanes;
  return {
    ...status,
    atMs: status.atMs + step * 5_000,
    lanes: {
      legacy: { ...legacy, requests: legacy.requests + step * 900 + (step % 5) * 200 },
      candidate: {
        ...candidate,
        requests: candidate.requests + step * 300,
        bad: candidate.bad + Math.floor(step / 4),
        latency: { ...candidate.latency, p99Ms: 12 + step },
      },
    },
  };
}
