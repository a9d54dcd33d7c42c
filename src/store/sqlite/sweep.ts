import { LIMITS } from '../../core/limits.ts';
import type { SweepResult } from '../../rollout/ports.ts';
import type { Classes } from './classes.ts';
import type { Events } from './events.ts';
import { breathe } from './roll-up.ts';
import type { RollUp } from './roll-up.ts';
import type { DiskSize } from './size.ts';
import type { Transactions } from './transaction.ts';
import type { Windows } from './windows.ts';

/** Part of the size that is kept free for the next window. */
const ROOM_SHARE = 1 / 32;

/** How long and how much evidence is kept. */
export interface Retention {
  /** Windows, and classes that were not seen again, milliseconds. */
  readonly windowsMs: number;
  /** Examples of classes, milliseconds. */
  readonly examplesMs: number;
  /** Events, milliseconds. */
  readonly eventsMs: number;
  /**
   * Bytes of the database file: the oldest windows go, then the oldest events. The state (`ctl/`, `hist/`) never
   * does. Between two sweeps the write-ahead log, a few MiB, comes on top.
   */
  readonly maxBytes: number;
}

export interface SweepTables {
  readonly windows: Windows;
  readonly classes: Classes;
  readonly events: Events;
  readonly transactions: Transactions;
  readonly size: DiskSize;
  readonly rollUp: RollUp | null;
}

/** Deletes evidence that is too old or too much. Sweeps run one after the other. */
export class Sweeper {
  private readonly tables: SweepTables;
  private readonly retention: Retention;
  private running: Promise<unknown> = Promise.resolve();

  constructor(tables: SweepTables, retention: Retention) {
    this.tables = tables;
    this.retention = retention;
  }

  sweep(nowMs: number): Promise<SweepResult> {
    const result = this.running.then(() => this.run(nowMs));
    this.running = result.catch(() => null);
    return result;
  }

  /** Resolves when no sweep runs any more. */
  async stop(): Promise<void> {
    this.tables.rollUp?.stop();
    await this.running;
  }

  /** Deletes the oldest windows before one is put, when it might push the database past its size. */
  async makeRoom(): Promise<void> {
    const { size, windows, transactions } = this.tables;
    const over = size.databaseBytes() - this.retention.maxBytes * (1 - ROOM_SHARE);
    if (over <= 0) return;
    // A little more than needed, so that not every window pays for this.
    const bytes = over + (this.retention.maxBytes * ROOM_SHARE) / 2;
    await transactions.writePatiently(() => windows.deleteOldest({ limit: LIMITS.trimBatchWindows, bytes }));
    size.vacuum();
  }

  private async run(wallMs: number): Promise<SweepResult> {
    // Rolled up is not deleted, and the slot of the middle window stays open.
    await this.tables.rollUp?.run(this.believed(wallMs, LIMITS.rollUpAfterMs));
    const nowMs = this.believed(wallMs, LIMITS.sweepAheadMs);
    const expiredWindows = await this.expireWindows(nowMs);
    const classes = await this.expireClasses(nowMs);
    const expiredEvents = await this.tables.transactions.writePatiently(() =>
      this.tables.events.expire(nowMs - this.retention.eventsMs),
    );
    await this.shrink();
    const trimmed = await this.trim();
    return {
      windows: expiredWindows + trimmed.windows,
      classes,
      events: expiredEvents + trimmed.events,
      bytes: this.tables.size.diskBytes(),
    };
  }

  /**
   * A wall clock that jumped ahead must not delete everything: time goes on no further than a bound past what the
   * stored windows say. Without a window there is nothing to go by, and little to lose.
   */
  private believed(nowMs: number, aheadMs: number): number {
    const storedMs = this.tables.windows.middleEndMs();
    return storedMs === null ? nowMs : Math.min(nowMs, storedMs + aheadMs);
  }

  private async expireWindows(nowMs: number): Promise<number> {
    const { windows, transactions } = this.tables;
    const which = { limit: LIMITS.trimBatchWindows, beforeMs: nowMs - this.retention.windowsMs };
    let total = 0;
    for (;;) {
      const deleted = await transactions.writePatiently(() => windows.deleteOldest(which));
      total += deleted;
      if (deleted < which.limit) return total;
      await breathe();
    }
  }

  private async expireClasses(nowMs: number): Promise<number> {
    const { windowsMs, examplesMs } = this.retention;
    const { transactions, classes } = this.tables;
    return await transactions.writePatiently(() => classes.expire(nowMs - windowsMs, nowMs - examplesMs));
  }

  private async trim(): Promise<{ windows: number; events: number }> {
    const trimmed = { windows: 0, events: 0 };
    for (;;) {
      const over = this.tables.size.diskBytes() - this.retention.maxBytes;
      if (over <= 0) return trimmed;
      const windows = await this.deleteWindows(over);
      const events = windows > 0 ? 0 : await this.deleteEvents();
      if (windows + events === 0) return trimmed;
      trimmed.windows += windows;
      trimmed.events += events;
      await this.shrink();
    }
  }

  private async deleteWindows(bytes: number): Promise<number> {
    const { windows, transactions } = this.tables;
    return await transactions.writePatiently(() =>
      windows.deleteOldest({ limit: LIMITS.trimBatchWindows, bytes }),
    );
  }

  private async deleteEvents(): Promise<number> {
    const { events, transactions } = this.tables;
    return await transactions.writePatiently(() => events.deleteOldest(LIMITS.trimBatchWindows));
  }

  /** Gives freed pages back to the file system. */
  private async shrink(): Promise<void> {
    while (!this.tables.size.vacuum()) await breathe();
    this.tables.size.checkpoint();
  }
}
