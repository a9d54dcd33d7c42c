import type { CopyCounts, LaneCounts, Window } from '../../src/telemetry/types.ts';
import type { Drawn } from './worlds.ts';

export const WINDOW_MS = 10_000;
export const REGION = 'eu-west';
const ROUTE = 'api';

/** Requests for one that is copied: the default sample is a tenth. */
const REQUESTS_PER_PAIR = 10;

const OUTCOMES = {
  compared: 0,
  shadow_failed: 0,
  timed_out: 0,
  client_aborted: 0,
  response_too_large: 0,
  diff_dropped: 0,
};

/** A window as the telemetry puts it together: every copy sent and compared. */
export function windowOf(index: number, shadow: Drawn | null, reverse: Drawn | null): Window {
  const copies = [
    ...(shadow === null ? [] : [copiesOf('shadow', shadow)]),
    ...(reverse === null ? [] : [copiesOf('reverse', reverse)]),
  ];
  const lanes = [
    ...(shadow === null ? [] : [laneOf('legacy', shadow.error.n * REQUESTS_PER_PAIR, shadow.error.minus)]),
    ...(reverse === null ? [] : [laneOf('candidate', reverse.error.n, reverse.error.plus)]),
  ];
  return {
    id: index,
    startMs: index * WINDOW_MS,
    widthMs: WINDOW_MS,
    epoch: 1,
    keeper: 'k',
    incarnations: ['w'],
    lanes,
    copies,
    ineligible: {},
    edge: {},
  };
}

function copiesOf(direction: CopyCounts['direction'], { error, difference, tail }: Drawn): CopyCounts {
  const { n } = error;
  return {
    route: ROUTE,
    region: REGION,
    direction,
    eligible: n * REQUESTS_PER_PAIR,
    decisions: {
      not_sampled: n * (REQUESTS_PER_PAIR - 1),
      dropped: 0,
      too_large: 0,
      candidate_saturated: 0,
      sent: n,
    },
    outcomes: { ...OUTCOMES, compared: n },
    pending: 0,
    rateCapped: 0,
    ignoredPairs: 0,
    ignored: {},
    failures: {},
    excluded: 0,
    answeredByFilter: 0,
    neverSent: 0,
    joint: { error, difference, tail },
    writePairs: 0,
    copyLatency: '',
    originalLatency: '',
  };
}

function laneOf(lane: LaneCounts['lane'], requests: number, bad: number): LaneCounts {
  return {
    route: ROUTE,
    region: REGION,
    lane,
    requests,
    bad,
    abandoned: 0,
    writes: 0,
    fallbacks: 0,
    failures: {},
    statusClasses: [0, 0, requests - bad, 0, 0, bad],
    bytesIn: 0,
    bytesOut: 0,
    latency: '',
  };
}
