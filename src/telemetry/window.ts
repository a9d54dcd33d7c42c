import { incarnation } from '../core/ids.ts';
import { mergeCopies, mergeLanes, mergeWindows, sumRecords } from './merge.ts';
import type { CopyCounts, PairKey, TelemetryDelta, Window } from './types.ts';

/** A window is complete this long after its end: deltas come once a second and may be a little late. */
const GRACE_MS = 2_500;

/** Windows by which a delta may be late before the clock is taken to have been set back. */
const CLOCK_STEP_WINDOWS = 6;

interface OpenWindow {
  readonly id: number;
  readonly epoch: number;
  readonly deltas: TelemetryDelta[];
  /** Copies of workers that died, concluded by the keeper. */
  readonly concluded: CopyCounts[];
}

/**
 * Puts the deltas of all workers together into windows of one epoch each. A delta belongs to the window in which
 * it ended; one that comes after its window was taken goes into the next, so that no count is ever lost.
 */
export class WindowKeeper {
  private readonly widthMs: number;
  private readonly open = new Map<string, OpenWindow>();
  /** Per worker: copies pending at its last word, by route, region and direction. */
  private readonly levels = new Map<string, Map<string, CopyCounts>>();
  private past: Window | null = null;
  private oldestId = Number.NEGATIVE_INFINITY;

  /** @param widthMs `rollout.window`, milliseconds */
  constructor(widthMs: number) {
    this.widthMs = widthMs;
  }

  /** Takes one worker's delta in. */
  add(delta: TelemetryDelta): void {
    this.windowOf(delta.toMs - 1, delta.epoch).deltas.push(delta);
    const levels = this.levels.get(delta.incarnation) ?? new Map<string, CopyCounts>();
    this.levels.set(delta.incarnation, levels);
    for (const counts of delta.copies) {
      if (counts.pending > 0) levels.set(keyOf(counts), counts);
      else levels.delete(keyOf(counts));
    }
  }

  /** A worker died: copies it had pending will never be concluded by it; they are lost evidence. */
  workerLost(lost: string, nowMs: number, epoch: number): void {
    const levels = this.levels.get(lost);
    this.levels.delete(lost);
    if (levels === undefined || levels.size === 0) return;
    const { concluded } = this.windowOf(nowMs, epoch);
    for (const counts of levels.values()) concluded.push(lostCopies(counts));
  }

  /** The windows that are complete at `nowMs`, in time order; each is given once. */
  takeCompleted(nowMs: number): Window[] {
    const completed = [...this.open.values()]
      .filter((window) => (window.id + 1) * this.widthMs + GRACE_MS <= nowMs)
      .sort((a, b) => a.id - b.id || a.epoch - b.epoch);
    return completed.map((window) => this.close(window));
  }

  /** Everything since this keeper was made, whatever the epoch: the accounting's base. Null before the first delta. */
  total(): Window | null {
    const windows = [...this.open.values()].map((window) => this.put(window));
    const all = this.past === null ? windows : [this.past, ...windows];
    if (all.length === 0) return null;
    return {
      ...mergeWindows(all),
      copies: this.withLevels(mergeCopies(all.flatMap((window) => window.copies))),
    };
  }

  private close(open: OpenWindow): Window {
    this.open.delete(`${open.id} ${open.epoch}`);
    this.oldestId = Math.max(this.oldestId, open.id + 1);
    const window = this.put(open);
    this.past = this.past === null ? window : mergeWindows([this.past, window]);
    this.past = { ...this.past, copies: this.past.copies.map((counts) => ({ ...counts, pending: 0 })) };
    return { ...window, copies: this.withLevels(window.copies) };
  }

  private windowOf(atMs: number, epoch: number): OpenWindow {
    const wallId = Math.floor(atMs / this.widthMs);
    // A clock that went back further than a late delta can be is believed, else nothing would complete for hours.
    if (wallId < this.oldestId - CLOCK_STEP_WINDOWS) this.oldestId = wallId;
    const id = Math.max(wallId, this.oldestId);
    const key = `${id} ${epoch}`;
    let window = this.open.get(key);
    if (window === undefined) {
      window = { id, epoch, deltas: [], concluded: [] };
      this.open.set(key, window);
    }
    return window;
  }

  private put({ id, epoch, deltas, concluded }: OpenWindow): Window {
    const copies = [...deltas.flatMap((delta) => delta.copies), ...concluded];
    return {
      id,
      startMs: id * this.widthMs,
      widthMs: this.widthMs,
      epoch,
      keeper: incarnation,
      incarnations: [...new Set(deltas.map((delta) => delta.incarnation))],
      lanes: mergeLanes(deltas.flatMap((delta) => delta.lanes)),
      copies: mergeCopies(copies.map((counts) => ({ ...counts, pending: 0 }))),
      ineligible: sumRecords(deltas.map((delta) => delta.ineligible)),
      edge: sumRecords(deltas.map((delta) => delta.edge)),
    };
  }

  private withLevels(copies: readonly CopyCounts[]): CopyCounts[] {
    const levels = [...this.levels.values()].flatMap((byKey) => [...byKey.entries()]);
    return copies.map((counts) => {
      const key = keyOf(counts);
      const pending = levels.reduce((sum, [other, level]) => (other === key ? sum + level.pending : sum), 0);
      return { ...counts, pending };
    });
  }
}

function keyOf({ route, region, direction }: PairKey): string {
  return `${route}\n${region}\n${direction}`;
}

function lostCopies(counts: CopyCounts): CopyCounts {
  const zero = <K extends string>(record: Readonly<Record<K, number>>): Record<K, number> =>
    Object.fromEntries(Object.keys(record).map((key) => [key, 0])) as Record<K, number>;
  const none = { n: 0, plus: 0, minus: 0 };
  return {
    ...counts,
    eligible: 0,
    decisions: zero(counts.decisions),
    outcomes: { ...zero(counts.outcomes), diff_dropped: counts.pending },
    pending: 0,
    excluded: 0,
    answeredByFilter: 0,
    neverSent: 0,
    joint: { error: none, difference: none, tail: none },
    copyLatency: '',
    originalLatency: '',
  };
}
