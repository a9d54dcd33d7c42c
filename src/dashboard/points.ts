import type { Status } from '../control/schema/status.ts';
import { BOUNDS } from './bounds.ts';

type Lane = 'legacy' | 'candidate';

/** What one lane had counted at one moment; counters run over the epoch. */
interface LanePoint {
  readonly requests: number;
  readonly bad: number;
  readonly p99Ms: number | null;
}

/** Both lanes at one moment: what sparklines and rates are made of. */
export interface Point {
  readonly atMs: number;
  readonly epoch: number;
  readonly legacy: LanePoint;
  readonly candidate: LanePoint;
}

/** The point of a reading. */
export function pointOf({ atMs, rollout, lanes }: Status): Point {
  const of = ({ requests, bad, latency }: Status['lanes'][Lane]): LanePoint => ({
    requests,
    bad,
    p99Ms: latency.p99Ms,
  });
  return { atMs, epoch: rollout.epoch, legacy: of(lanes.legacy), candidate: of(lanes.candidate) };
}

/**
 * Adds a reading. The newest point moves with every reading until it is `pointMs` after the one before, so that
 * points stand evenly. Another epoch, or counters that fell, begin anew: nothing can be subtracted over that.
 */
export function addPoint(points: readonly Point[], point: Point): readonly Point[] {
  const [before, newest] = [points.at(-2), points.at(-1)];
  if (newest === undefined || !follows(newest, point)) return [point];
  const moving = before !== undefined && newest.atMs - before.atMs < BOUNDS.pointMs;
  return [...(moving ? points.slice(0, -1) : points), point].slice(-BOUNDS.points);
}

function follows(before: Point, after: Point): boolean {
  const lanes = ['legacy', 'candidate'] as const;
  if (before.epoch !== after.epoch || after.atMs < before.atMs) return false;
  return lanes.every((lane) => {
    return after[lane].requests >= before[lane].requests && after[lane].bad >= before[lane].bad;
  });
}

/** Requests a second of the last moments; null while too little time is known. */
export function rateNow(points: readonly Point[], lane: Lane): number | null {
  const newest = points.at(-1);
  const before = points.findLast(({ atMs }) => newest !== undefined && newest.atMs - atMs >= BOUNDS.rateMs);
  if (newest === undefined || before === undefined) return null;
  return rateBetween(before, newest, lane);
}

/** What is drawn of one lane over time, oldest first. */
export interface Series {
  readonly rate: readonly (number | null)[];
  readonly badRatio: readonly (number | null)[];
  readonly p99Ms: readonly (number | null)[];
}

/** The series of one lane: rates and bad ratios between points, the p99 of the epoch at each. */
export function seriesOf(points: readonly Point[], lane: Lane): Series {
  const steps = points.slice(1).flatMap((point, at) => {
    const before = points[at] as Point;
    return point.atMs - before.atMs < BOUNDS.rateMs ? [] : [{ before, point }];
  });
  return {
    rate: steps.map(({ before, point }) => rateBetween(before, point, lane)),
    badRatio: steps.map(({ before, point }) => badBetween(before[lane], point[lane])),
    p99Ms: steps.map(({ point }) => point[lane].p99Ms),
  };
}

function rateBetween(before: Point, after: Point, lane: Lane): number | null {
  const ms = after.atMs - before.atMs;
  return ms <= 0 ? null : ((after[lane].requests - before[lane].requests) * 1_000) / ms;
}

function badBetween(before: LanePoint, after: LanePoint): number | null {
  const requests = after.requests - before.requests;
  return requests <= 0 ? null : (after.bad - before.bad) / requests;
}
