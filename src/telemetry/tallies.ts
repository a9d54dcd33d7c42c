// HOT: once per copy and once per tunnel, at their ends.
import type { FailureCode } from '../core/errors.ts';
import type { Outcome } from '../core/observation.ts';
import type { Direction, Lane } from '../core/snapshot.ts';
import { Durations } from './durations.ts';
import type { DurationCounts } from './durations.ts';
import { FilterCounts } from './filter-counts.ts';
import type { FilterTally } from './filter-counts.ts';

/** Upper bounds of how long copies take, and tunnels last, seconds. */
export const COPY_BOUNDS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
export const TUNNEL_BOUNDS_S = [1, 10, 60, 300, 1_800, 3_600, 21_600, 86_400];

/** How a tunnel ended: each side its own direction, or why it was cut. */
export type TunnelEnd = FailureCode | 'closed';

/** Copies of one direction with one outcome. */
export interface CopyTally {
  readonly direction: Direction;
  readonly outcome: Outcome;
  readonly took: DurationCounts;
}

/** Tunnels of one lane that have ended. */
export interface TunnelTally {
  readonly lane: Lane;
  readonly ends: Readonly<Partial<Record<TunnelEnd, number>>>;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly lasted: DurationCounts;
}

/** What one worker has counted since it started and that no gate looks at. */
export interface WorkerTallies {
  readonly copies: readonly CopyTally[];
  readonly tunnels: readonly TunnelTally[];
  /** Absent where no filter of a user has run. */
  readonly filters?: readonly FilterTally[];
}

interface OpenTunnelTally {
  readonly lane: Lane;
  readonly ends: Partial<Record<TunnelEnd, number>>;
  bytesIn: number;
  bytesOut: number;
  readonly lasted: Durations;
}

/** Counts how long copies and tunnels took, and how they ended. A handful of entries: lanes, directions, outcomes. */
export class Tallies {
  private readonly copies = new Map<string, { direction: Direction; outcome: Outcome; took: Durations }>();
  private readonly tunnels = new Map<Lane, OpenTunnelTally>();
  readonly filters = new FilterCounts();

  /** A copy that was sent is concluded. @param us from its sending to the end of its answer */
  copy(direction: Direction, outcome: Outcome, us: number): void {
    const key = `${direction} ${outcome}`;
    let tally = this.copies.get(key);
    if (tally === undefined) {
      tally = { direction, outcome, took: new Durations(COPY_BOUNDS_S) };
      this.copies.set(key, tally);
    }
    tally.took.record(us);
  }

  /** A tunnel has ended. @param bytes from the client and to it, the head of the 101 included */
  tunnel(lane: Lane, end: TunnelEnd, us: number, bytes: { bytesIn: number; bytesOut: number }): void {
    let tally = this.tunnels.get(lane);
    if (tally === undefined) {
      tally = { lane, ends: {}, bytesIn: 0, bytesOut: 0, lasted: new Durations(TUNNEL_BOUNDS_S) };
      this.tunnels.set(lane, tally);
    }
    tally.ends[end] = (tally.ends[end] ?? 0) + 1;
    tally.bytesIn += bytes.bytesIn;
    tally.bytesOut += bytes.bytesOut;
    tally.lasted.record(us);
  }

  /** All of it so far, as plain data. */
  read(): WorkerTallies {
    return {
      copies: [...this.copies.values()].map((tally) => ({ ...tally, took: tally.took.plain() })),
      tunnels: [...this.tunnels.values()].map((tally) => ({
        ...tally,
        ends: { ...tally.ends },
        lasted: tally.lasted.plain(),
      })),
      filters: this.filters.read(),
    };
  }
}
