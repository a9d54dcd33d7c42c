import type { StampedEvent } from '../core/events.ts';
import { LIMITS } from '../core/limits.ts';
import type { TelemetryStore } from '../rollout/ports.ts';
import type { EventLog } from './event-log.ts';

/** Events from a cursor on for one subscriber: first what is stored, then what is in memory, then what comes. */
export class EventFeed {
  private readonly log: EventLog;
  private readonly store: TelemetryStore;
  private readonly listener: (event: StampedEvent) => void;
  private cursor = 0;
  private stopped = false;
  private unsubscribe: (() => void) | null = null;

  constructor(log: EventLog, store: TelemetryStore, listener: (event: StampedEvent) => void) {
    this.log = log;
    this.store = store;
    this.listener = listener;
  }

  /** @param after null: only what comes */
  start(after: number | null): void {
    if (after === null) this.follow();
    else {
      this.cursor = after;
      void this.catchUp();
    }
  }

  stop(): void {
    this.stopped = true;
    this.unsubscribe?.();
  }

  private async catchUp(): Promise<void> {
    try {
      while (!this.stopped) {
        const page = await this.store.readEvents(this.cursor, LIMITS.eventsKept);
        for (const event of page) this.give(event);
        if (page.length === 0) break;
      }
    } catch {
      // The store is out of reach: what is in memory is better than nothing.
    }
    if (this.stopped) return;
    for (const event of this.log.after(this.cursor)) this.give(event);
    this.follow();
  }

  private follow(): void {
    this.unsubscribe = this.log.subscribe((event) => this.give(event));
  }

  private give(event: StampedEvent): void {
    if (this.stopped) return;
    this.cursor = event.sequence;
    this.listener(event);
  }
}
