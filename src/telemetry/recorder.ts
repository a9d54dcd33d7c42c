// HOT: one call per exchange; two Map lookups, one histogram record, no allocation once a cell exists.
import { wallMs } from '../core/clock.ts';
import type { FailureCode } from '../core/errors.ts';
import { incarnation } from '../core/ids.ts';
import { LIMITS } from '../core/limits.ts';
import type { Ineligible, Observation } from '../core/observation.ts';
import type { Direction, Lane } from '../core/snapshot.ts';
import { CopyCell, LaneCell } from './cells.ts';
import type { ClassTable } from './classes.ts';
import { recordUs } from './histogram.ts';
import type { TelemetryDelta, WorkerGauges } from './types.ts';

const INELIGIBLE_PREFIX = 'ineligible_'.length;

/** Stands for the regions beyond `LIMITS.telemetryCells`: a trusted header may still name too many. */
const OTHER = '_other';

/** Counts what one worker saw: one cell per route, region and lane or direction. */
export class Recorder {
  private readonly lanes = new Map<string, LaneCell>();
  private readonly copies = new Map<string, CopyCell>();
  private readonly classes: ClassTable;
  private edge: Record<string, number> = {};
  private ineligible: Partial<Record<Ineligible, number>> = {};
  private sequence = 0;
  private fromMs = wallMs();

  constructor(classes: ClassTable) {
    this.classes = classes;
  }

  /** Counts one finished exchange. */
  observe(seen: Observation): void {
    const { copy } = seen;
    if (copy !== null && copy.startsWith('ineligible_')) {
      const reason = copy.slice(INELIGIBLE_PREFIX) as Ineligible;
      this.ineligible[reason] = (this.ineligible[reason] ?? 0) + 1;
    }
    if (seen.answeredBy === 'edge' && seen.serviceUs < 0 && !seen.bad) {
      return this.edgeAnswer(seen.failure ?? 'filter');
    }
    const cell = this.lane(seen.route, seen.region, seen.assigned);
    cell.requests += 1;
    if (seen.bad) cell.bad += 1;
    const statusClass = Math.trunc(seen.status / 100);
    cell.statusClasses[statusClass] = (cell.statusClasses[statusClass] ?? 0) + 1;
    cell.bytesIn += seen.bytesIn;
    cell.bytesOut += seen.bytesOut;
    if (seen.serviceUs >= 0) recordUs(cell.latency, seen.serviceUs);
  }

  /** Counts a request that neither lane was asked about. */
  edgeAnswer(reason: FailureCode | 'filter'): void {
    this.edge[reason] = (this.edge[reason] ?? 0) + 1;
  }

  /** The cell for a lane's answers. */
  private lane(route: string, region: string, lane: Lane): LaneCell {
    const key = `${route}\n${region}\n${lane}`;
    let cell = this.lanes.get(key);
    if (cell === undefined) {
      if (this.lanes.size >= LIMITS.telemetryCells && region !== OTHER) return this.lane(route, OTHER, lane);
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
  take(epoch: number, gauges: WorkerGauges): TelemetryDelta {
    const { fromMs } = this;
    const toMs = wallMs();
    this.sequence += 1;
    const delta: TelemetryDelta = {
      incarnation,
      sequence: this.sequence,
      fromMs,
      toMs,
      epoch,
      lanes: taken(this.lanes.values()),
      copies: taken(this.copies.values()),
      ineligible: this.ineligible,
      classes: this.classes.take(),
      edge: this.edge,
      gauges,
    };
    this.fromMs = toMs;
    this.edge = {};
    this.ineligible = {};
    return delta;
  }
}

function taken<T>(cells: Iterable<{ take(): T | null }>): T[] {
  const all: T[] = [];
  for (const cell of cells) {
    const counts = cell.take();
    if (counts !== null) all.push(counts);
  }
  return all;
}
