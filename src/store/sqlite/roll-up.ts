import { LIMITS } from '../../core/limits.ts';
import type { Window } from '../../telemetry/types.ts';
import type { Transactions } from './transaction.ts';
import type { WindowGroup, Windows } from './windows.ts';

/** Several windows of one epoch, in time order and at least one, as one: counts and histograms are added. */
export type MergeWindows = (windows: readonly Window[]) => Window;

export interface RollUpOptions {
  readonly merge: MergeWindows;
  /** Windows older than this are rolled up, milliseconds. */
  readonly afterMs: number;
  /** Width of a slot; what starts in one slot and epoch becomes one window, milliseconds. */
  readonly widthMs: number;
}

/** Lets the event loop turn: merging a slot of many routes takes longer than a tick may. */
export async function breathe(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Rolls old windows up, slot by slot; what it leaves is for the next sweep. */
export class RollUp {
  private readonly windows: Windows;
  private readonly transactions: Transactions;
  private readonly options: RollUpOptions;
  private stopped = false;

  constructor(windows: Windows, transactions: Transactions, options: RollUpOptions) {
    this.windows = windows;
    this.transactions = transactions;
    this.options = options;
  }

  /** Leaves off before the next merge. */
  stop(): void {
    this.stopped = true;
  }

  /** At most `LIMITS.rollUpSlotsPerSweep` slots. */
  async run(nowMs: number): Promise<void> {
    const { afterMs, widthMs } = this.options;
    const beforeMs = Math.floor((nowMs - afterMs) / widthMs) * widthMs;
    for (let slot = 0; slot < LIMITS.rollUpSlotsPerSweep; slot += 1) {
      const first = this.windows.nextAsPutMs(beforeMs);
      if (first === null) return;
      if (!(await this.slot(Math.floor(first / widthMs) * widthMs))) return;
    }
  }

  /** False when it was stopped, or another process changed the slot meanwhile. */
  private async slot(fromMs: number): Promise<boolean> {
    const toMs = fromMs + this.options.widthMs;
    // Late windows are refused before the slot is read: nothing can come between reading and replacing it.
    await this.transactions.writePatiently(() => this.windows.closeBefore(toMs));
    const merged: [WindowGroup, Window][] = [];
    for (const group of this.windows.groups(fromMs, toMs)) {
      const window = await this.merge(group.windows);
      if (window === null) return false;
      merged.push([group, window]);
    }
    return await this.replaceAll(merged);
  }

  /** All epochs of a slot at once: a reader sees a slot before or after, never between. */
  private async replaceAll(merged: readonly [WindowGroup, Window][]): Promise<boolean> {
    return await this.transactions.writePatiently(() => {
      if (!merged.every(([group]) => this.windows.isWhole(group))) return false;
      for (const [group, window] of merged) this.windows.replace(group, window);
      return true;
    });
  }

  private async merge(windows: readonly Window[]): Promise<Window | null> {
    let sum: Window | null = null;
    for (let from = 0; from < windows.length; from += LIMITS.rollUpBatchWindows) {
      const piece = windows.slice(from, from + LIMITS.rollUpBatchWindows);
      sum = this.options.merge(sum === null ? piece : [sum, ...piece]);
      await breathe();
      if (this.stopped) return null;
    }
    return sum;
  }
}
