import type { StampedEvent } from '../../src/core/events.ts';
import type { ClassPut, StoredClass, SweepResult, TelemetryStore } from '../../src/rollout/ports.ts';
import type { StoredEvidence } from '../../src/telemetry/class-evidence.ts';
import type { Window } from '../../src/telemetry/types.ts';

/** Windows, evidence and events of several processes in memory, in the order and with the answers of the SQLite store. */
export class MemoryTelemetry implements TelemetryStore {
  lastEventSequence = 0;
  private readonly windows = new Map<string, Window>();
  private readonly evidence = new Map<number, StoredEvidence>();
  private readonly events: StampedEvent[] = [];

  async putWindow(window: Window): Promise<'stored' | 'duplicate' | 'late'> {
    const { startMs, widthMs, epoch, keeper } = window;
    const name = `${startMs} ${widthMs} ${epoch} ${keeper}`;
    if (this.windows.has(name)) return 'duplicate';
    this.windows.set(name, window);
    return 'stored';
  }

  async *readWindows(fromMs: number, toMs: number): AsyncIterable<Window> {
    yield* this.inOrder().filter(({ startMs }) => startMs >= fromMs && startMs < toMs);
  }

  async readNewest(limit: number): Promise<readonly Window[]> {
    return this.inOrder().slice(-limit);
  }

  putClass(): Promise<ClassPut> {
    return Promise.reject(new Error('no simulated worker reports classes'));
  }

  async readClasses(): Promise<readonly StoredClass[]> {
    return [];
  }

  async readClass(): Promise<StoredClass | null> {
    return null;
  }

  async putEvidence(evidence: StoredEvidence): Promise<void> {
    this.evidence.set(evidence.epoch, evidence);
  }

  async readEvidence(epoch: number): Promise<StoredEvidence | null> {
    return this.evidence.get(epoch) ?? null;
  }

  async appendEvent(event: StampedEvent): Promise<void> {
    this.events.push(event);
    this.lastEventSequence = Math.max(this.lastEventSequence, event.sequence);
  }

  async readEvents(after: number, limit: number): Promise<readonly StampedEvent[]> {
    return this.events.filter(({ sequence }) => sequence > after).slice(0, limit);
  }

  async sweep(): Promise<SweepResult> {
    return { windows: 0, classes: 0, events: 0, bytes: 0 };
  }

  private inOrder(): Window[] {
    return [...this.windows.values()].toSorted((a, b) => a.startMs - b.startMs || a.epoch - b.epoch);
  }
}
