import { incarnation } from '../core/ids.ts';
import { LIMITS } from '../core/limits.ts';
import { CohortCounter } from './cohort-counter.ts';
import { mergeCohorts, withCohorts } from './cohort-merge.ts';
import type { WindowCohorts } from './cohort-types.ts';
import { concludedAsLost, mergeCopies, mergeLanes, mergeWindows, sumRecords, withPending } from './merge.ts';
import type { CopyCounts, NoiseCounts, PairKey, TelemetryDelta, Window } from './types.ts';

/** Windows by which a delta may be late before the clock is taken to have been set back. */
const CLOCK_STEP_WINDOWS = 6;

/** Epochs whose sum is kept: the current one, and the one before for what was begun under it. */
const EPOCHS_KEPT = 2;

/** Recalled windows whose histograms are added up, at about 1 ms each; of older ones only the counts are. */
const LATENCY_WINDOWS = 30;

interface OpenWindow {
  readonly id: number;
  readonly epoch: number;
  readonly keeper: string;
  readonly deltas: TelemetryDelta[];
  /** Copies of workers that died, concluded by the keeper. */
  readonly concluded: CopyCounts[];
  readonly cohorts: WindowCohorts[];
}

/** Copies of one worker that were pending at its last word. */
interface Level {
  readonly epoch: number;
  readonly counts: CopyCounts;
}

/**
 * Puts the deltas of all workers together into windows of one epoch each. A delta belongs to the window in which
 * it ended; one that comes after its window was taken goes into the next, so that no count is ever lost.
 */
export class WindowKeeper {
  private readonly widthMs: number;
  private readonly name: string;
  private readonly open = new Map<string, OpenWindow>();
  /** By worker, then by epoch, route, region and direction. */
  private readonly levels = new Map<string, Map<string, Level>>();
  private past: Window | null = null;
  private readonly pastByEpoch = new Map<number, Window>();
  private readonly cohorts = new CohortCounter();
  private oldestId = Number.NEGATIVE_INFINITY;
  private clockSteps = 0;

  /**
   * @param widthMs `rollout.window`, milliseconds
   * @param name tells its windows from those of every other keeper
   */
  constructor(widthMs: number, name: string = incarnation) {
    this.widthMs = widthMs;
    this.name = name;
  }

  /** Takes one worker's delta in. */
  add(delta: TelemetryDelta): void {
    const window = this.windowOf(delta.toMs - 1, delta.epoch);
    const cohorts = this.cohorts.count(delta.epoch, delta.cohorts);
    if (cohorts !== undefined) window.cohorts.push(cohorts);
    // The users themselves are not kept.
    window.deltas.push(delta.cohorts === undefined ? delta : { ...delta, cohorts: undefined });
    const levels = this.levels.get(delta.incarnation) ?? new Map<string, Level>();
    this.levels.set(delta.incarnation, levels);
    for (const counts of delta.copies) {
      const key = `${delta.epoch}\n${keyOf(counts)}`;
      if (counts.pending + pendingLegs(counts) > 0) levels.set(key, { epoch: delta.epoch, counts });
      else levels.delete(key);
    }
  }

  /** A worker died: copies it had pending will never be concluded by it; they are lost evidence. */
  workerLost(lost: string, nowMs: number): void {
    const levels = this.levels.get(lost);
    this.levels.delete(lost);
    for (const { epoch, counts } of levels?.values() ?? []) {
      this.windowOf(nowMs, epoch).concluded.push(
        concludedAsLost(counts, counts.pending, pendingLegs(counts)),
      );
    }
  }

  /**
   * Takes in what an earlier keeper stored, oldest first: it counts for its epoch, not for {@link total}. What those
   * windows left pending was lost with the workers of that time.
   */
  recall(windows: readonly Window[]): void {
    const older = windows.length - LATENCY_WINDOWS;
    const known = windows.map((window, index) => (index < older ? withoutLatency(window) : window));
    for (const [epoch, same] of Map.groupBy(known, (window) => window.epoch)) {
      const sum = mergeWindows(same);
      this.addPast(epoch, { ...sum, copies: sum.copies.flatMap(concludeAll) });
    }
  }

  /** The windows that are complete at `nowMs`, in time order; each is given once. */
  takeCompleted(nowMs: number): Window[] {
    const completed = [...this.open.values()]
      .filter((window) => (window.id + 1) * this.widthMs + LIMITS.windowGraceMs <= nowMs)
      .sort((a, b) => a.id - b.id || a.epoch - b.epoch);
    return completed.map((window) => this.close(window));
  }

  /** Everything since this keeper was made, whatever the epoch. Null before the first delta. */
  total(): Window | null {
    return this.sum(this.past, null);
  }

  /** Everything known of one epoch: what was counted since the start, and the windows that were recalled. */
  ofEpoch(epoch: number): Window | null {
    return this.sum(this.pastByEpoch.get(epoch) ?? null, epoch);
  }

  private sum(past: Window | null, epoch: number | null): Window | null {
    const open = [...this.open.values()].filter((window) => epoch === null || window.epoch === epoch);
    const windows = [...(past === null ? [] : [past]), ...open.map((window) => this.put(window))];
    if (windows.length === 0) return null;
    const copies = mergeCopies(windows.flatMap((window) => window.copies));
    return { ...mergeWindows(windows), copies: this.withLevels(copies, epoch) };
  }

  private close(open: OpenWindow): Window {
    this.open.delete(`${open.id} ${open.epoch}`);
    this.oldestId = Math.max(this.oldestId, open.id + 1);
    const window = this.put(open);
    this.past = this.past === null ? window : mergeWindows([this.past, window]);
    this.addPast(window.epoch, window);
    return { ...window, copies: this.withLevels(window.copies, window.epoch) };
  }

  private addPast(epoch: number, window: Window): void {
    const past = this.pastByEpoch.get(epoch);
    this.pastByEpoch.set(epoch, past === undefined ? window : mergeWindows([past, window]));
    const epochs = [...this.pastByEpoch.keys()].sort((a, b) => b - a);
    for (const old of epochs.slice(EPOCHS_KEPT)) this.pastByEpoch.delete(old);
  }

  private windowOf(atMs: number, epoch: number): OpenWindow {
    const wallId = Math.floor(atMs / this.widthMs);
    // A clock that went back further than a late delta can be is believed, else nothing would complete for hours.
    if (wallId < this.oldestId - CLOCK_STEP_WINDOWS) {
      this.oldestId = wallId;
      this.clockSteps += 1;
    }
    const id = Math.max(wallId, this.oldestId);
    const key = `${id} ${epoch}`;
    let window = this.open.get(key);
    if (window === undefined) {
      // After a step back the same ids come again: under another name they are no duplicates.
      const keeper = this.clockSteps === 0 ? this.name : `${this.name}.${this.clockSteps}`;
      window = { id, epoch, keeper, deltas: [], concluded: [], cohorts: [] };
      this.open.set(key, window);
    }
    return window;
  }

  /** One window without levels: `pending` is 0 everywhere. */
  private put({ id, epoch, keeper, deltas, concluded, cohorts }: OpenWindow): Window {
    const copies = [...deltas.flatMap((delta) => delta.copies), ...concluded];
    return {
      id,
      startMs: id * this.widthMs,
      widthMs: this.widthMs,
      epoch,
      keeper,
      incarnations: [...new Set(deltas.map((delta) => delta.incarnation))],
      lanes: mergeLanes(deltas.flatMap((delta) => delta.lanes)),
      copies: mergeCopies(copies.map((counts) => withPending(counts, 0, 0))),
      ineligible: sumRecords(deltas.map((delta) => delta.ineligible)),
      edge: sumRecords(deltas.map((delta) => delta.edge)),
      ...withCohorts(mergeCohorts(cohorts)),
    };
  }

  /** @param epoch null for the levels of all epochs */
  private withLevels(copies: readonly CopyCounts[], epoch: number | null): CopyCounts[] {
    const levels = [...this.levels.values()].flatMap((byKey) => [...byKey.values()]);
    const counted = levels.filter((level) => epoch === null || level.epoch === epoch);
    return copies.map((counts) => {
      const key = keyOf(counts);
      const same = counted.filter((level) => keyOf(level.counts) === key);
      const pending = same.reduce((sum, level) => sum + level.counts.pending, 0);
      const legs = same.reduce((sum, level) => sum + pendingLegs(level.counts), 0);
      return withPending(counts, pending, legs);
    });
  }
}

function keyOf({ route, region, direction }: PairKey): string {
  return `${route}\n${region}\n${direction}`;
}

function pendingLegs({ noise }: CopyCounts): number {
  return noise?.pending ?? 0;
}

/** A window of which only the counts are wanted: histograms take a millisecond each to add up. */
export function withoutLatency(window: Window): Window {
  return {
    ...window,
    lanes: window.lanes.map((counts) => ({ ...counts, latency: '' })),
    copies: window.copies.map((counts) => ({ ...counts, copyLatency: '', originalLatency: '' })),
  };
}

/**
 * Copies that have no end yet, with an end: nobody will conclude them any more. Ends of copies that were sent in a
 * window before the recalled ones get their beginning back, so that the sums hold for what is known.
 */
function concludeAll(counts: CopyCounts): CopyCounts[] {
  const lost = unconcluded(counts.decisions.sent, counts.outcomes);
  const lostLegs = counts.noise === undefined ? 0 : unconcluded(counts.noise.sent, counts.noise.outcomes);
  const decisions = { ...counts.decisions, sent: counts.decisions.sent + Math.max(0, -lost) };
  const eligible = counts.eligible + Math.max(0, -lost);
  const settled = withPending({ ...counts, decisions, eligible }, 0, 0);
  const known = { ...settled, ...startedLegs(settled.noise, Math.max(0, -lostLegs)) };
  if (lost <= 0 && lostLegs <= 0) return [known];
  return mergeCopies([known, concludedAsLost(counts, Math.max(0, lost), Math.max(0, lostLegs))]);
}

/** What was sent and has no end; negative: ends of what was sent before. */
function unconcluded(sent: number, outcomes: CopyCounts['outcomes']): number {
  return sent - Object.values(outcomes).reduce((sum, count) => sum + count, 0);
}

function startedLegs(noise: NoiseCounts | undefined, more: number): Pick<CopyCounts, 'noise'> {
  if (noise === undefined) return {};
  return { noise: { ...noise, sent: noise.sent + more, chosen: noise.chosen + more } };
}
