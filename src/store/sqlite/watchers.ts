import type { Entry, Rev, StoreStatus, WatchHandler } from '../../rollout/ports.ts';
import type { Batch, Entries } from './entries.ts';
import type { Transactions } from './transaction.ts';

interface Watcher {
  readonly prefix: string;
  readonly handler: WatchHandler;
  readonly signal: AbortSignal;
  /** Everything up to this revision was delivered; null: a snapshot comes first. */
  seen: Rev | null;
}

interface News {
  readonly rev: Rev;
  readonly snapshot: readonly Entry[] | null;
  readonly batches: readonly Batch[];
}

/**
 * Delivers changes to watchers. Whoever committed, this process or another, the changes are read from the log
 * after the last revision delivered: so nothing is missed, doubled or out of order. A watcher that the log was
 * cut past starts again with a snapshot.
 */
export class Watchers {
  private readonly entries: Entries;
  private readonly transactions: Transactions;
  private readonly nowMs: () => number;
  private readonly watchers = new Set<Watcher>();

  constructor(entries: Entries, transactions: Transactions, nowMs: () => number) {
    this.entries = entries;
    this.transactions = transactions;
    this.nowMs = nowMs;
  }

  /** Adds a watcher until its signal aborts; its snapshot comes with the next {@link Watchers.deliver}. */
  add(prefix: string, handler: WatchHandler, signal: AbortSignal): void {
    if (signal.aborted) return;
    const watcher: Watcher = { prefix, handler, signal, seen: null };
    this.watchers.add(watcher);
    signal.addEventListener('abort', () => this.watchers.delete(watcher), { once: true });
  }

  /** The store was out of reach: everybody starts again with a snapshot. */
  reset(): void {
    for (const watcher of this.watchers) watcher.seen = null;
  }

  clear(): void {
    this.watchers.clear();
  }

  /** @throws CutoverError when the store cannot be read; nothing is lost, the next call delivers it */
  deliver(): void {
    if (this.watchers.size === 0) return;
    const news = this.transactions.read(() => this.collect());
    for (const [watcher, found] of news) {
      watcher.seen = found.rev;
      this.guarded(watcher, () => hand(watcher, found));
    }
  }

  health(status: StoreStatus): void {
    for (const watcher of this.watchers) this.guarded(watcher, () => watcher.handler.health(status));
  }

  private collect(): Map<Watcher, News> {
    const { rev, compactedRev } = this.entries.revision();
    const news = new Map<Watcher, News>();
    for (const watcher of this.watchers) {
      if (watcher.seen === rev) continue;
      news.set(watcher, this.since(watcher, rev, compactedRev));
    }
    return news;
  }

  private since({ seen, prefix }: Watcher, rev: Rev, compactedRev: Rev): News {
    // A revision that went back means another file under the same name: nothing in its log fits.
    if (seen === null || seen < compactedRev || seen > rev) {
      return { rev, snapshot: this.entries.list(prefix, this.nowMs()), batches: [] };
    }
    return { rev, snapshot: null, batches: this.entries.changesAfter(seen, prefix) };
  }

  /** A handler that throws is a defect of its own: it is shown, and neither the commit nor other watchers suffer. */
  private guarded(watcher: Watcher, work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.watchers.delete(watcher);
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }
}

function hand({ handler, signal }: Watcher, { rev, snapshot, batches }: News): void {
  if (snapshot !== null && !signal.aborted) handler.snapshot(rev, snapshot);
  for (const batch of batches) if (!signal.aborted) handler.batch(batch.rev, batch.changes);
}
