import type { Database } from 'better-sqlite3';
import type { StampedEvent } from '../../core/events.ts';
import { LIMITS } from '../../core/limits.ts';
import type { ClassPut, StoredClass, SweepResult, TelemetryStore } from '../../rollout/ports.ts';
import type { StoredEvidence } from '../../telemetry/class-evidence.ts';
import type { ClassCounts, Window } from '../../telemetry/types.ts';
import { Classes } from './classes.ts';
import { checkNewest } from './arguments.ts';
import { explained, storeError } from './errors.ts';
import { Evidence } from './evidence.ts';
import { Events } from './events.ts';
import { RollUp, breathe } from './roll-up.ts';
import type { RollUpOptions } from './roll-up.ts';
import { DiskSize } from './size.ts';
import type { StoreFile } from './store-file.ts';
import { Sweeper } from './sweep.ts';
import type { Retention } from './sweep.ts';
import { Transactions } from './transaction.ts';
import { Windows } from './windows.ts';

export interface TelemetryStoreOptions {
  /** What the connection was opened on: while it is missing, nothing is written. */
  readonly file: StoreFile;
  readonly retention: Retention;
  /** Null: windows stay as they were put. */
  readonly rollUp: RollUpOptions | null;
  /** Readers go through the windows in pieces of this width, milliseconds: that of a roll-up slot. */
  readonly pieceMs: number;
}

/**
 * Evidence in tables of its own, not as keys of the state store. Through `StateStore.commit` each window would be
 * written twice (entry and change log), wait for the disk, wake every watcher and use up revisions; counting a
 * class would be a read, a guard and a retry. Here a window is one compressed row without a wait for the disk
 * (a machine that stops may lose the last seconds of evidence, never a phase change), a class is one `UPDATE`, and
 * old windows can be rolled up in place. The contract tests are the same for both ways.
 */
export class SqliteTelemetryStore implements TelemetryStore {
  private readonly database: Database;
  private readonly pieceMs: number;
  private readonly transactions: Transactions;
  private readonly windows: Windows;
  private readonly classes: Classes;
  private readonly evidence: Evidence;
  private readonly events: Events;
  private readonly sweeper: Sweeper;

  /** @param database a connection of its own, closed with the store */
  constructor(database: Database, options: TelemetryStoreOptions) {
    this.database = database;
    this.pieceMs = options.pieceMs;
    const transactions = new Transactions(database, options.file);
    const windows = new Windows(database);
    const rollUp = options.rollUp === null ? null : new RollUp(windows, transactions, options.rollUp);
    this.transactions = transactions;
    this.windows = windows;
    this.classes = new Classes(database);
    this.evidence = new Evidence(database);
    this.events = new Events(database);
    const size = new DiskSize(database);
    const tables = { windows, classes: this.classes, events: this.events, transactions, size, rollUp };
    this.sweeper = new Sweeper(tables, options.retention);
  }

  async putWindow(window: Window): Promise<'stored' | 'duplicate' | 'late'> {
    await this.sweeper.makeRoom();
    return await this.transactions.writePatiently(() => {
      if (window.startMs < this.windows.closedBeforeMs()) return 'late';
      return this.windows.insert(window, false) ? 'stored' : 'duplicate';
    });
  }

  async *readWindows(fromMs: number, toMs: number): AsyncGenerator<Window> {
    for (let nextMs = fromMs; ;) {
      const startMs = explained(this.database.name, () => this.windows.nextStartMs(nextMs));
      if (startMs === null || startMs >= toMs) return;
      const endMs = Math.min(toMs, (Math.floor(startMs / this.pieceMs) + 1) * this.pieceMs);
      yield* explained(this.database.name, () => this.windows.range(startMs, endMs));
      nextMs = endMs;
      await breathe();
    }
  }

  async readNewest(limit: number): Promise<readonly Window[]> {
    checkNewest(limit);
    // One statement sees one state: no sweep can roll up what is half read.
    const packed = explained(this.database.name, () => this.windows.newest(limit));
    const windows: Window[] = [];
    for (const row of packed) {
      windows.push(this.windows.unpack(row));
      if (windows.length % LIMITS.storeReadBatchWindows === 0) await breathe();
    }
    return windows;
  }

  async putClass(counts: ClassCounts, seenMs: number, epochSinceMs = 0): Promise<ClassPut> {
    return await this.transactions.writePatiently(() => this.classes.put(counts, seenMs, epochSinceMs));
  }

  async readClasses(limit: number): Promise<readonly StoredClass[]> {
    return this.transactions.read(() => this.classes.largest(limit));
  }

  async readClass(id: string): Promise<StoredClass | null> {
    return this.transactions.read(() => this.classes.get(id));
  }

  async putEvidence(evidence: StoredEvidence): Promise<void> {
    await this.transactions.writePatiently(() => this.evidence.put(evidence));
  }

  async readEvidence(epoch: number): Promise<StoredEvidence | null> {
    return this.transactions.read(() => this.evidence.get(epoch));
  }

  async appendEvent(event: StampedEvent): Promise<void> {
    await this.transactions.writePatiently(() => this.events.append(event));
  }

  async readEvents(after: number, limit: number): Promise<readonly StampedEvent[]> {
    return this.transactions.read(() => this.events.after(after, limit));
  }

  /** The sequence of the newest event, 0 when there is none: where a restarted process goes on counting. */
  lastEventSequence(): number {
    return this.transactions.read(() => this.events.lastSequence());
  }

  async sweep(nowMs: number): Promise<SweepResult> {
    const result = await this.sweeper.sweep(nowMs).catch((thrown: unknown) => {
      throw storeError(thrown, this.database.name);
    });
    return result;
  }

  async close(): Promise<void> {
    await this.sweeper.stop();
    explained(this.database.name, () => this.database.close());
  }
}
