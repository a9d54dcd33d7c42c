import type { Differences } from '../control/schema/differences.ts';
import type { Status } from '../control/schema/status.ts';
import { wallMs } from '../core/clock.ts';
import { CutoverError, messageOf } from '../core/errors.ts';
import type { StampedEvent } from '../core/events.ts';
import { BOUNDS } from './bounds.ts';
import { happeningOf } from './happenings.ts';
import { withEvents, withLoss, withStatus } from './known.ts';
import type { Happening, Known } from './known.ts';
import { Naps } from './naps.ts';

/** Where the dashboard reads. Every method may fail at any time; it is asked again. */
export interface Reads {
  status(): Promise<Status>;
  differences(): Promise<Differences>;
  /**
   * Tells the past, then hands over events until the stream ends.
   * @param after sequence of the last event that was heard, or null for none
   */
  follow(after: number | null, ears: Ears): Promise<void>;
}

export interface Ears {
  /** The gateway answers: what the audit has, oldest first. It stands for the time before the first event. */
  past(happenings: readonly Happening[]): void;
  event(event: StampedEvent): void;
}

/** Reads status, classes and events, each at its own pace, and tells who listens. Nothing it reads can end it. */
export class Feed {
  private readonly reads: Reads;
  private readonly intervalMs: number;
  private readonly naps = new Naps();
  private readonly listeners = new Set<() => void>();
  private known: Known;
  private past: readonly Happening[] = [];
  private heard: readonly Happening[] = [];
  private lastSequence: number | null = null;
  private stopped = false;

  /** @param intervalMs time between two readings of the status */
  constructor(first: Known, reads: Reads, intervalMs: number) {
    this.known = first;
    this.reads = reads;
    this.intervalMs = intervalMs;
  }

  readonly snapshot = (): Known => this.known;

  /** @returns ends the subscription */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  /** Looks again now. */
  readonly refresh = (): void => this.naps.wake();

  /** Reads until `stop`. */
  async run(): Promise<void> {
    await Promise.all([this.watchStatus(), this.watchDifferences(), this.watchEvents()]);
  }

  stop(): void {
    this.stopped = true;
    this.naps.end();
  }

  private async watchStatus(): Promise<void> {
    while (await this.naps.nap(this.intervalMs)) {
      const askedMs = wallMs();
      const missed = setInterval(() => this.lose('it takes its time', askedMs), BOUNDS.lateMs);
      try {
        const status = await this.reads.status();
        this.tell(withStatus(this.known, status, wallMs()));
      } catch (error) {
        this.lose(problemOf(error), askedMs);
      } finally {
        clearInterval(missed);
      }
    }
  }

  private lose(message: string, askedMs: number): void {
    this.tell(withLoss(this.known, message, askedMs, wallMs()));
  }

  private async watchDifferences(): Promise<void> {
    do {
      try {
        const differences = await this.reads.differences();
        this.tell({ ...this.known, differences, differencesProblem: null, nowMs: wallMs() });
      } catch (error) {
        this.tell({ ...this.known, differencesProblem: problemOf(error), nowMs: wallMs() });
      }
    } while (await this.naps.nap(BOUNDS.differencesMs));
  }

  private async watchEvents(): Promise<void> {
    do {
      const eventsProblem = await this.reads
        .follow(this.lastSequence, this.ears)
        .then(() => 'the stream of events has ended', problemOf);
      this.tell({ ...this.known, eventsProblem, nowMs: wallMs() });
    } while (await this.naps.nap(BOUNDS.eventsRetryMs));
  }

  private readonly ears: Ears = {
    past: (happenings) => {
      const first = this.heard[0]?.atMs ?? Number.POSITIVE_INFINITY;
      this.past = happenings.filter(({ atMs }) => atMs < first);
      this.tellEvents();
    },
    event: (event) => {
      this.lastSequence = event.sequence;
      this.heard = [...this.heard, happeningOf(event)].slice(-BOUNDS.events);
      this.tellEvents();
    },
  };

  private tellEvents(): void {
    this.tell(withEvents(this.known, [...this.past, ...this.heard], wallMs()));
  }

  private tell(known: Known): void {
    if (this.stopped) return;
    this.known = known;
    for (const listener of this.listeners) listener();
  }
}

function problemOf(error: unknown): string {
  const hint = error instanceof CutoverError && error.hint !== null ? ` (${error.hint})` : '';
  return `${messageOf(error)}${hint}`;
}
