import type { RolloutView, Snapshot } from '../../src/core/snapshot.ts';
import { Book } from '../../src/telemetry/book.ts';
import type { TelemetryDelta, WorkerGauges } from '../../src/telemetry/types.ts';
import { serve } from './traffic.ts';
import type { Pending, Quality } from './traffic.ts';
import type { World } from './world.ts';

/** How a worker behaves. */
export type Mood = 'prompt' | 'late' | 'deaf';

/** The gates look at no gauge. */
const GAUGES = {} as WorkerGauges;

/** A worker process: it serves under its newest snapshot, and counts in the product's own books, one an epoch. */
export class SimWorker {
  readonly pid: number;
  readonly incarnation: string;
  state: 'starting' | 'serving' | 'draining' | 'down' = 'starting';
  startRevision = 0;
  sentRevision = 0;
  acknowledgedRevision = 0;
  mood: Mood = 'prompt';
  /** Its reports come late by so many seconds. */
  silentS = 0;
  snapshot: Snapshot;
  private readonly world: World;
  private readonly books = new Map<number, Book>();
  private pending: Pending = [];
  private sequence = 0;
  private fromMs: number;

  constructor(world: World, pid: number, snapshot: Snapshot) {
    this.world = world;
    this.pid = pid;
    this.incarnation = `worker-${pid}`;
    this.snapshot = snapshot;
    this.startRevision = snapshot.revision;
    this.sentRevision = snapshot.revision;
    this.fromMs = world.time.wallMs;
  }

  get view(): RolloutView {
    return this.snapshot.rollout;
  }

  /** Swaps the snapshot, as a worker does. */
  apply(snapshot: Snapshot): void {
    const { world, pid } = this;
    const older = snapshot.revision <= this.snapshot.revision;
    world.hold(
      'versions-grow',
      !older,
      () => `worker ${pid} got snapshot ${snapshot.revision} after a newer one`,
    );
    this.snapshot = snapshot;
    this.acknowledgedRevision = snapshot.revision;
  }

  /** One second of traffic. @param bypassed the kill switch's file is there */
  serve(quality: Quality, bypassed: boolean): void {
    const { view } = this;
    const book = this.book(view.epoch);
    const shown = bypassed
      ? { ...view, bypass: true, sample: 0, reverseSample: 0, canary: [], shares: {} }
      : view;
    for (const cell of this.pending) cell.conclude('timed_out');
    this.pending = serve(book, { view: shown, quality, dice: this.world.dice });
  }

  /** What it counted since the last time: of each epoch that has something to say, the current one last. */
  report(): TelemetryDelta[] {
    const { fromMs, incarnation, view } = this;
    const toMs = this.world.time.wallMs;
    this.fromMs = toMs;
    const current = this.book(view.epoch);
    const older = [...this.books.values()].filter((book) => book !== current);
    return [...older, current].flatMap((book) => {
      const counts = book.take();
      if (book !== current && counts.lanes.length === 0 && counts.copies.length === 0) {
        this.books.delete(book.epoch);
        return [];
      }
      this.sequence += 1;
      const { sequence } = this;
      return [
        { incarnation, sequence, fromMs, toMs, epoch: book.epoch, ...counts, classes: [], gauges: GAUGES },
      ];
    });
  }

  private book(epoch: number): Book {
    const book = this.books.get(epoch) ?? new Book(epoch);
    this.books.set(epoch, book);
    return book;
  }
}
