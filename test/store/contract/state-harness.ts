import { expect } from 'vitest';
import type { Change, Entry, StateStore, WatchHandler } from '../../../src/rollout/ports.ts';

/** A store under test, and what a test must be able to do to it from outside. */
export interface StateHarness {
  readonly store: StateStore;
  /** Another client of the same data, with nothing in memory shared: what another process has. */
  another(): Promise<StateStore>;
  /** Lets the store's clock go on by so many milliseconds. */
  passTime(ms: number): Promise<void>;
  /** Makes the store forget its log of changes, without a turn of the event loop if it can. */
  forgetChanges(): Promise<void>;
  close(): Promise<void>;
}

/** Text as a value. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The value of an entry as text. */
export const text = (entry: Entry | null): string | null =>
  entry === null ? null : new TextDecoder().decode(entry.value);

/** What a watcher heard, put together as a reader of the store would. */
export class Heard implements WatchHandler {
  readonly keys = new Map<string, string>();
  readonly revs: bigint[] = [];
  readonly changes: Change[] = [];
  snapshots = 0;
  /** The snapshot's revision, then that of each batch. */
  rev = -1n;

  snapshot(rev: bigint, entries: readonly Entry[]): void {
    this.snapshots += 1;
    this.rev = rev;
    this.keys.clear();
    for (const entry of entries) this.keys.set(entry.key, text(entry) as string);
  }

  batch(rev: bigint, changes: readonly Change[]): void {
    expect(rev > this.rev).toBe(true);
    this.rev = rev;
    this.revs.push(rev);
    this.changes.push(...changes);
    for (const change of changes) {
      if (change.type === 'put') this.keys.set(change.entry.key, text(change.entry) as string);
      else this.keys.delete(change.key);
    }
  }

  health(): void {}
}
