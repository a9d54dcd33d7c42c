import { AmbiguousError } from '../../src/rollout/ports.ts';
import type {
  Change,
  Commit,
  Entry,
  Guard,
  Lease,
  LeaseToken,
  Op,
  Rev,
  StateStore,
  StoreStatus,
  WatchHandler,
} from '../../src/rollout/ports.ts';

/** What a call meets: with `lost` a commit takes effect and does not say so, with `unsaid` it does not and says nothing. */
export type Fault = 'none' | 'down' | 'lost' | 'unsaid' | 'hangs';

/** Keys and values of several controllers in one process, with the failures of a remote store on demand. */
export class MemoryStore {
  readonly entries = new Map<string, Entry>();
  readonly done = new Map<string, Rev>();
  readonly leases = new Map<string, { holder: string; token: Rev; expiresMs: number }>();
  readonly watchers = new Set<{ prefix: string; handler: WatchHandler }>();
  rev: Rev = 0n;
  generation = 'one';
  nowMs = 1_000_000;
  commits = 0;

  /** A connection with its own faults. */
  connect(): MemoryConnection {
    return new MemoryConnection(this);
  }
}

export class MemoryConnection implements StateStore {
  fault: Fault = 'none';
  /** Commits that meet the fault before it goes away; -1: all. */
  times = -1;
  private readonly memory: MemoryStore;

  constructor(memory: MemoryStore) {
    this.memory = memory;
  }

  /** The next `times` commits meet this fault; `down` and `hangs` meet every call. */
  breaks(fault: Fault, times = -1): void {
    this.fault = fault;
    this.times = times;
  }

  private async reached(): Promise<void> {
    if (this.fault === 'hangs') await new Promise(() => undefined);
    if (this.fault === 'down') throw new Error('connection refused');
  }

  async get(key: string): Promise<Entry | null> {
    await this.reached();
    return this.memory.entries.get(key) ?? null;
  }

  async list(prefix: string): Promise<{ rev: Rev; entries: Entry[] }> {
    await this.reached();
    const entries = [...this.memory.entries.values()].filter(({ key }) => key.startsWith(prefix));
    return { rev: this.memory.rev, entries: entries.sort((a, b) => (a.key < b.key ? -1 : 1)) };
  }

  async commit(guards: readonly Guard[], ops: readonly Op[], id: string): Promise<Commit> {
    await this.reached();
    const fault = this.times === 0 ? 'none' : this.fault;
    if (this.times > 0) this.times -= 1;
    if (fault === 'unsaid') throw new AmbiguousError('timed out');
    const commit = this.take(guards, ops, id);
    if (fault === 'lost') throw new AmbiguousError('timed out');
    return commit;
  }

  private take(guards: readonly Guard[], ops: readonly Op[], id: string): Commit {
    const { memory } = this;
    const known = memory.done.get(id);
    if (known !== undefined) return { ok: true, rev: known };
    const holds = (guard: Guard): boolean =>
      'lease' in guard ? this.holds(guard.lease) : (memory.entries.get(guard.key)?.rev ?? 0n) === guard.rev;
    if (!guards.every(holds)) return { ok: false, current: [] };
    memory.rev += 1n;
    memory.commits += 1;
    memory.done.set(id, memory.rev);
    const changes = ops.map((op) => this.write(op));
    for (const { prefix, handler } of memory.watchers) {
      const seen = changes.filter((change) =>
        (change.type === 'put' ? change.entry.key : change.key).startsWith(prefix),
      );
      if (seen.length > 0) handler.batch(memory.rev, seen);
    }
    return { ok: true, rev: memory.rev };
  }

  private write(op: Op): Change {
    const { entries, rev } = this.memory;
    if ('del' in op) {
      entries.delete(op.del);
      return { type: 'del', key: op.del, rev };
    }
    const createdRev = entries.get(op.put)?.createdRev ?? rev;
    const entry: Entry = { key: op.put, value: op.value, rev, createdRev };
    entries.set(op.put, entry);
    return { type: 'put', entry };
  }

  watch(prefix: string, handler: WatchHandler, signal: AbortSignal): void {
    const watcher = { prefix, handler };
    this.memory.watchers.add(watcher);
    signal.addEventListener('abort', () => this.memory.watchers.delete(watcher));
  }

  private holds({ name, token }: LeaseToken): boolean {
    const row = this.memory.leases.get(name);
    return row !== undefined && row.token === token && row.expiresMs > this.memory.nowMs;
  }

  async acquire(name: string, holder: string, ttlMs: number): Promise<Lease | null> {
    await this.reached();
    const { memory } = this;
    const row = memory.leases.get(name);
    if (row !== undefined && row.expiresMs > memory.nowMs && row.holder !== holder) return null;
    memory.rev += 1n;
    const token = { name, token: memory.rev };
    memory.leases.set(name, { holder, token: memory.rev, expiresMs: memory.nowMs + ttlMs });
    const lost = new AbortController();
    return {
      token,
      lost: lost.signal,
      renew: async () => {
        await this.reached();
        if (!this.holds(token)) {
          lost.abort();
          throw new Error('lost');
        }
        memory.leases.set(name, { holder, token: token.token, expiresMs: memory.nowMs + ttlMs });
      },
      release: async () => {
        if (this.holds(token)) memory.leases.delete(name);
      },
    };
  }

  status(): StoreStatus {
    const mode = this.fault === 'down' ? 'down' : 'live';
    return { mode, generation: this.memory.generation, rev: this.memory.rev, staleMs: 0 };
  }

  async close(): Promise<void> {
    this.fault = 'down';
  }
}
