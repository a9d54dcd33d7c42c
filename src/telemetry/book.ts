// HOT: one call per exchange; a Map lookup, one histogram record, no allocation once a cell exists.
import { failure } from '../core/errors.ts';
import type { FailureCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { isSafeMethod } from '../core/methods.ts';
import type { CopyDecision, Ineligible, Observation } from '../core/observation.ts';
import type { Direction, Lane } from '../core/snapshot.ts';
import { CopyCell, LaneCell } from './cells.ts';
import { CohortBuffer } from './cohort-buffer.ts';
import { SampleBuffer } from './sample-buffer.ts';
import { recordUs } from './histogram.ts';
import type { CohortDelta } from './cohort-types.ts';
import type { TelemetryDelta } from './types.ts';

const INELIGIBLE_PREFIX = 'ineligible_'.length;

const NO_COHORTS: CohortDelta = { scopes: [], entries: new Uint32Array(0), lost: 0 };

/** Stands for the regions beyond `LIMITS.telemetryCells`: a trusted header may still name too many. */
const OTHER = '_other';

/**
 * What one worker saw under one epoch: one cell per route, region and lane or direction. An exchange is counted in
 * the book it began under, whatever is published meanwhile, so that no epoch ever holds another one's evidence.
 */
export class Book {
  readonly epoch: number;
  /** Exchanges that run under it. */
  users = 0;
  private readonly lanes = new Map<string, LaneCell>();
  private readonly copies = new Map<string, CopyCell>();
  private last: LaneCell | null = null;
  private cohortUsers: CohortBuffer | null = null;
  private sampleUsers: SampleBuffer | null = null;
  private edge: Record<string, number> = {};
  /** By decision, as a map: no name is made per exchange. */
  private readonly ineligible = new Map<string, number>();

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  /** Users of the cohorts; made when the first one is noted. */
  get cohorts(): CohortBuffer {
    return (this.cohortUsers ??= new CohortBuffer());
  }

  /** Users whose lot for the sample was drawn; made when the first one is noted. */
  get sample(): SampleBuffer {
    return (this.sampleUsers ??= new SampleBuffer());
  }

  /** Counts one finished exchange. */
  observe(seen: Observation): void {
    this.notCopied(seen.copy);
    const blame = seen.failure === null ? null : failure(seen.failure).blame;
    if (!isOfLane(seen)) return this.edgeAnswer(seen.failure ?? 'filter');
    this.count(this.lane(seen.route, seen.region, seen.assigned), seen, blame);
  }

  /** Counts why a request was not eligible for a copy, when it was not. */
  notCopied(copy: CopyDecision | null): void {
    if (copy === null || !copy.startsWith('ineligible_')) return;
    this.ineligible.set(copy, (this.ineligible.get(copy) ?? 0) + 1);
  }

  private count(cell: LaneCell, seen: Observation, blame: 'client' | 'gateway' | 'lane' | null): void {
    cell.requests += 1;
    if (seen.bad) cell.bad += 1;
    if (seen.answeredBy !== 'edge' && seen.answeredBy !== seen.assigned) cell.fallbacks += 1;
    if (blame === 'lane') cell.fail(seen.failure as FailureCode);
    else if (blame !== null) cell.abandoned += 1;
    const statusClass = Math.trunc(seen.status / 100);
    cell.statusClasses[statusClass] = (cell.statusClasses[statusClass] ?? 0) + 1;
    if (!isSafeMethod(seen.method)) {
      cell.writes += 1;
      cell.writeClasses[statusClass] = (cell.writeClasses[statusClass] ?? 0) + 1;
    }
    cell.bytesIn += seen.bytesIn;
    cell.bytesOut += seen.bytesOut;
    if (seen.serviceUs >= 0) recordUs(cell.latency, seen.serviceUs);
  }

  /** Adds what went through a tunnel; its exchange was counted when it was opened. */
  tunnelBytes(seen: Observation): void {
    const cell = this.lane(seen.route, seen.region, seen.assigned);
    cell.bytesIn += seen.bytesIn;
    cell.bytesOut += seen.bytesOut;
  }

  /** Counts a request that neither lane was asked about. */
  edgeAnswer(reason: FailureCode | 'filter'): void {
    this.edge[reason] = (this.edge[reason] ?? 0) + 1;
  }

  /** The cell of the exchange before is very often the one of this exchange. */
  private lane(route: string, region: string, lane: Lane): LaneCell {
    const { last } = this;
    if (last !== null && last.key.route === route && last.key.region === region && last.key.lane === lane)
      return last;
    const found = this.findLane(route, region, lane);
    this.last = found;
    return found;
  }

  private findLane(route: string, region: string, lane: Lane): LaneCell {
    const key = `${route}\n${region}\n${lane}`;
    let cell = this.lanes.get(key);
    if (cell === undefined) {
      if (this.lanes.size >= LIMITS.telemetryCells && region !== OTHER)
        return this.findLane(route, OTHER, lane);
      cell = new LaneCell({ route, region, lane });
      this.lanes.set(key, cell);
    }
    return cell;
  }

  /** The cell for copies; a copy keeps it, so that it is concluded where it was counted. */
  copyCell(route: string, region: string, direction: Direction): CopyCell {
    const key = `${route}\n${region}\n${direction}`;
    let cell = this.copies.get(key);
    if (cell === undefined) {
      if (this.copies.size >= LIMITS.telemetryCells && region !== OTHER) {
        return this.copyCell(route, OTHER, direction);
      }
      cell = new CopyCell({ route, region, direction });
      this.copies.set(key, cell);
    }
    return cell;
  }

  /** What happened since the previous call. */
  take(): Pick<TelemetryDelta, 'lanes' | 'copies' | 'ineligible' | 'edge' | 'cohorts'> {
    const { edge } = this;
    const ineligible: Partial<Record<Ineligible, number>> = {};
    for (const [decision, count] of this.ineligible)
      ineligible[decision.slice(INELIGIBLE_PREFIX) as Ineligible] = count;
    this.edge = {};
    this.ineligible.clear();
    const cohorts = withSampled(this.cohortUsers?.take(), this.sampleUsers?.take());
    const cells = { lanes: taken(this.lanes.values()), copies: taken(this.copies.values()) };
    return { ...cells, ineligible, edge, ...(cohorts === undefined ? {} : { cohorts }) };
  }
}

function withSampled(
  cohorts: CohortDelta | undefined,
  sampled: Uint32Array | undefined,
): CohortDelta | undefined {
  if (sampled === undefined) return cohorts;
  return { ...(cohorts ?? NO_COHORTS), sampled };
}

/** Whether a lane is to be measured by an exchange: it was asked, and not spared by the gateway. */
export function isOfLane({ asked, answeredBy, failure: code }: Observation): boolean {
  if (!asked) return false;
  const byGateway = code !== null && code !== 'aborted' && failure(code).blame === 'gateway';
  return !(answeredBy === 'edge' && byGateway);
}

function taken<T>(cells: Iterable<{ take(): T | null }>): T[] {
  const all: T[] = [];
  for (const cell of cells) {
    const counts = cell.take();
    if (counts !== null) all.push(counts);
  }
  return all;
}
