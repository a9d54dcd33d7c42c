import type { Known, Tone } from '../known.ts';
import { rateNow, seriesOf } from '../points.ts';
import { milliseconds, percent, rate, signedMilliseconds } from '../../report/figures.ts';
import * as words from '../words.ts';

/** One number of both lanes. */
export interface LaneRow {
  readonly label: string;
  readonly legacy: string;
  readonly candidate: string;
  /** Candidate minus legacy, or ''. */
  readonly delta: string;
  /** Both lanes over time on one scale; null where nothing is drawn. */
  readonly series: SeriesView | null;
}

export interface SeriesView {
  readonly legacy: readonly (number | null)[];
  readonly candidate: readonly (number | null)[];
  /** Top of the scale of both. */
  readonly top: number;
}

/** A quantile over pairs, with the length of its bars. */
export interface RungView extends LaneRow {
  readonly fractions: { readonly legacy: number; readonly candidate: number };
}

export interface LanesView {
  readonly rows: readonly LaneRow[];
  /** Quantiles of the same requests on both lanes. */
  readonly ladder: readonly RungView[];
}

export interface ShareView {
  readonly region: string;
  readonly desired: number;
  readonly actual: number | null;
  readonly text: string;
  readonly tone: Tone;
}

/** Rates, errors and latencies of both lanes. */
export function lanesView(known: Known): LanesView {
  const { lanes } = known.status;
  const row = (label: string, of: (lane: 'legacy' | 'candidate') => string, series: SeriesView | null) => {
    return { label, legacy: of('legacy'), candidate: of('candidate'), delta: '', series };
  };
  const perSecond = (lane: 'legacy' | 'candidate'): number =>
    rateNow(known.points, lane) ?? lanes[lane].perSecond;
  return {
    rows: [
      row('requests', (lane) => `${rate(perSecond(lane))}/s`, seriesView(known, 'rate')),
      row('bad', (lane) => percent(lanes[lane].badRatio), seriesView(known, 'badRatio')),
      row('p99', (lane) => milliseconds(lanes[lane].latency.p99Ms), seriesView(known, 'p99Ms')),
      row('p50', (lane) => milliseconds(lanes[lane].latency.p50Ms), null),
    ],
    ladder: ladderOf(known),
  };
}

function seriesView({ points }: Known, name: 'rate' | 'badRatio' | 'p99Ms'): SeriesView {
  const legacy = seriesOf(points, 'legacy')[name];
  const candidate = seriesOf(points, 'candidate')[name];
  return { legacy, candidate, top: Math.max(0, ...[...legacy, ...candidate].map((value) => value ?? 0)) };
}

const QUANTILES = [
  ['p50', 'p50Ms'],
  ['p90', 'p90Ms'],
  ['p99', 'p99Ms'],
  ['p99.9', 'p999Ms'],
] as const;

function ladderOf({ status: { pairLatency, delta } }: Known): RungView[] {
  const { legacy, candidate } = pairLatency;
  const top = Math.max(0, ...QUANTILES.flatMap(([, key]) => [legacy[key] ?? 0, candidate[key] ?? 0]));
  const fraction = (value: number | null): number => (top === 0 ? 0 : (value ?? 0) / top);
  return QUANTILES.map(([label, key]) => ({
    label,
    legacy: milliseconds(legacy[key]),
    candidate: milliseconds(candidate[key]),
    delta: signedMilliseconds(delta[key]),
    series: null,
    fractions: { legacy: fraction(legacy[key]), candidate: fraction(candidate[key]) },
  }));
}

/** Shares of the regions, desired and actual. */
export function sharesView({ status: { shares, rollout } }: Known): ShareView[] {
  return shares.map(({ region, desired, actual }) => {
    const taken = rollout.withdrawn.includes(region);
    const seen = actual === null ? 'no requests' : `actual ${percent(actual)}`;
    return {
      region: words.clean(region),
      desired,
      actual,
      text: `desired ${words.share(desired)}, ${seen}${taken ? ', WITHDRAWN' : ''}`,
      tone: taken ? 'warn' : 'plain',
    };
  });
}
