import { DIFFERENCE_KINDS } from '../../../src/core/observation.ts';
import { seededRandom } from '../../../src/core/random.ts';
import type { RandomSource } from '../../../src/core/random.ts';
import { encodeHistogram, newHistogram, recordUs } from '../../../src/telemetry/histogram.ts';
import type { ClassCounts, CopyCounts, LaneCounts, Window } from '../../../src/telemetry/types.ts';

const REGIONS = ['eu-west', 'us-east'];
const MEDIAN_US = 8_000;
const SPREAD = 0.8;
const POOL = 512;

const pools = new Map<number, string[]>();

/** Encoded histograms of so many log-normal samples, made once and drawn from. */
function histograms(samples: number): string[] {
  const known = pools.get(samples);
  if (known !== undefined) return known;
  const random = seededRandom(samples);
  const pool = Array.from({ length: POOL }, () => histogram(samples, random));
  pools.set(samples, pool);
  return pool;
}

function histogram(samples: number, random: RandomSource): string {
  const filled = newHistogram();
  for (let index = 0; index < samples; index += 1) {
    const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    recordUs(filled, MEDIAN_US * Math.exp(SPREAD * normal));
  }
  return encodeHistogram(filled);
}

function draw<T>(items: readonly T[], random: RandomSource): T {
  return items[Math.floor(random.next() * items.length)] as T;
}

export interface SampleOptions {
  readonly seed?: number;
  readonly routes?: number;
  readonly widthMs?: number;
  readonly epoch?: number;
  /** Requests of one route, region and lane; copies are a tenth. */
  readonly requests?: number;
}

/** A window as a gateway with some routes in two regions makes it. */
export function sampleWindow(startMs: number, options: SampleOptions = {}): Window {
  const { seed = 1, routes = 1, widthMs = 10_000, epoch = 1, requests = 700 } = options;
  const random = seededRandom(seed);
  const places = Array.from({ length: routes }, (_, index) => `route-${index}`).flatMap((route) =>
    REGIONS.map((region) => ({ route, region })),
  );
  return {
    id: Math.floor(startMs / widthMs),
    startMs,
    widthMs,
    epoch,
    keeper: 'a1b2c3d4e5f6',
    incarnations: ['0123456789ab', 'ba9876543210'],
    lanes: places.flatMap((place) => [
      lane({ ...place, lane: 'legacy' }, requests, random),
      lane({ ...place, lane: 'candidate' }, requests, random),
    ]),
    copies: places.map((place) => copies({ ...place, direction: 'shadow' }, requests, random)),
    ineligible: { method: Math.floor(random.next() * 100), upgrade: 3 },
    edge: { headers_too_large: 1 },
  };
}

function lane(
  key: Pick<LaneCounts, 'route' | 'region' | 'lane'>,
  requests: number,
  random: RandomSource,
): LaneCounts {
  const bad = Math.floor(random.next() * 3);
  return {
    ...key,
    requests,
    bad,
    writes: 0,
    fallbacks: 0,
    abandoned: Math.floor(random.next() * 3),
    failures: { idle_timeout: bad },
    statusClasses: [0, 0, requests - bad - 12, 4, 8, bad],
    bytesIn: Math.floor(random.next() * requests * 1_000),
    bytesOut: Math.floor(random.next() * requests * 20_000),
    latency: draw(histograms(requests), random),
  };
}

function copies(
  key: Pick<CopyCounts, 'route' | 'region' | 'direction'>,
  requests: number,
  random: RandomSource,
): CopyCounts {
  const sent = Math.max(10, Math.floor(requests / 10));
  const lost = Math.floor(random.next() * 3);
  const joint = (): { n: number; plus: number; minus: number } => ({
    n: sent - lost,
    plus: Math.floor(random.next() * 3),
    minus: Math.floor(random.next() * 3),
  });
  return {
    ...key,
    eligible: requests,
    decisions: { not_sampled: requests - sent, dropped: 0, too_large: 0, candidate_saturated: 0, sent },
    outcomes: {
      compared: sent - lost,
      shadow_failed: lost,
      timed_out: 0,
      client_aborted: 0,
      response_too_large: 0,
      diff_dropped: 0,
    },
    pending: 0,
    rateCapped: 0,
    failures: { connect_timeout: lost },
    excluded: 0,
    answeredByFilter: 0,
    ignoredPairs: 0,
    ignored: {},
    writePairs: 0,
    neverSent: 0,
    joint: { error: joint(), difference: joint(), tail: joint() },
    copyLatency: draw(histograms(sent), random),
    originalLatency: draw(histograms(sent), random),
  };
}

/** A class, seen `count` times, with its example. */
export function sampleClass(id: string, options: { count: number; requestId?: string }): ClassCounts {
  return {
    id,
    route: 'api',
    endpoint: 'GET /users/{id}',
    kind: DIFFERENCE_KINDS[9],
    path: `/users/*/${id}`,
    count: options.count,
    example: {
      requestId: options.requestId ?? 'first',
      atMs: 1_790_000_000_000,
      direction: 'shadow',
      epoch: 1,
      method: 'GET',
      target: '/users/*?page=*',
      difference: { kind: 'json_value', path: `/users/*/${id}`, legacy: 'a…', candidate: 'b…' },
    },
  };
}

/** What must not change however windows are sent or rolled up, per epoch. */
export function totals(windows: readonly Window[]): Record<string, number> {
  const sums: Record<string, number> = {};
  const add = (key: string, value: number): void => void (sums[key] = (sums[key] ?? 0) + value);
  for (const { epoch, lanes, copies } of windows) {
    for (const counts of lanes) {
      add(`${epoch} requests`, counts.requests);
      add(`${epoch} bad`, counts.bad);
      add(`${epoch} bytes`, counts.bytesIn + counts.bytesOut);
    }
    for (const counts of copies) {
      add(`${epoch} sent`, counts.decisions.sent);
      add(`${epoch} compared`, counts.outcomes.compared);
      add(`${epoch} plus`, counts.joint.difference.plus);
    }
  }
  return sums;
}
