import type { ReplayReport } from '../../src/report/replay-schema.ts';
import { REPLAY_OUTCOMES, SKIPPED } from '../../src/replay/result.ts';

type Class = ReplayReport['classes'][number];
type Counts = ReplayReport['counts'];

/** One class of a replay, with what a test wants different about it. */
export function replayClass(part: Partial<Class>): Class {
  return {
    id: '0123456789abcdef',
    endpoint: 'GET /items/{id}',
    kind: 'json_value',
    path: '/price',
    count: 3,
    example: {
      line: 7,
      requestId: 'replay-7-x',
      method: 'GET',
      target: '/items/7',
      legacy: '1',
      candidate: '2',
    },
    reproduce: { legacy: 'curl -si http://a/', candidate: 'curl -si http://b/' },
    ...part,
  };
}

/** The report of 1,000 pairs that agree, with what a test wants different about it. */
export function replayReport(
  part: Partial<Omit<ReplayReport, 'counts'>> & { readonly counts?: Partial<Counts> } = {},
): ReplayReport {
  const { counts, ...rest } = part;
  const quantiles = { samples: 1_000, p50Ms: 1, p90Ms: 2, p99Ms: 3, p999Ms: null };
  return {
    schemaVersion: 1,
    kind: 'replay',
    build: '0.1.0+0',
    label: 'census of 1000 requests, fixed horizon: it says what these requests showed and nothing of others',
    complete: true,
    capture: {
      file: 'a.gor',
      format: 'gor',
      compressed: false,
      bytes: 9,
      fingerprint: 'f',
      others: 0,
      cut: null,
    },
    settings: { legacy: 'http://a', candidate: 'http://b' },
    coverage: 1,
    lanes: { legacy: { 200: 1_000 }, candidate: { 200: 1_000 } },
    endpoints: [{ endpoint: 'GET /items/{id}', sent: 1_000, judged: 1_000, differing: 0 }],
    rules: [],
    classes: [],
    times: {
      startedAtMs: Date.UTC(2026, 10, 24),
      elapsedMs: 1_000,
      sentPerSecond: 1_000,
      behind: quantiles,
      latency: { legacy: quantiles, candidate: quantiles },
    },
    ...rest,
    counts: { ...sampleCounts(), ...counts },
  };
}

function sampleCounts(): Counts {
  const zeros = <Key extends string>(keys: readonly Key[]): Record<Key, number> =>
    Object.fromEntries(keys.map((key) => [key, 0])) as Record<Key, number>;
  return {
    read: 1_020,
    sent: 1_000,
    skipped: { ...zeros(SKIPPED), method: 20 },
    outcomes: { ...zeros(REPLAY_OUTCOMES), compared: 1_000 },
    judged: 1_000,
    differing: 0,
    statusDiffering: 0,
    improved: 0,
    ignored: 0,
    otherClasses: 0,
  };
}
