import { AmbiguousError } from '../../src/rollout/ports.ts';
import type {
  Commit,
  Entry,
  Guard,
  Lease,
  Op,
  StateStore,
  StoreStatus,
  WatchHandler,
} from '../../src/rollout/ports.ts';
import type { Window } from '../../src/telemetry/types.ts';
import type { TelemetryStore } from '../../src/rollout/ports.ts';
import type { CrashPoint } from './points.ts';
import type { World } from './world.ts';

/** How a place gets at the store. */
export interface Weather {
  mode: 'fine' | 'down' | 'hangs' | 'slow';
  /** What the next commit meets. */
  commit: 'lost' | 'unsaid' | null;
}

/** The process that makes the calls. */
export interface Caller {
  readonly weather: Weather;
  readonly alive: boolean;
  /** Whether the process died here. */
  dies(point: CrashPoint): boolean;
  /** Whether somebody takes the lease at this moment. */
  isRobbed(): Promise<boolean>;
  /** Ends it. @returns true */
  die(why: string): boolean;
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** The longest call of a slow store, milliseconds: beyond the two seconds that the product waits. */
const SLOWEST_MS = 5_000;

/** A call to a store that hangs ends after so long. */
const HUNG_MS = 30_000;

/** Carries calls of one process to the store, through the weather. A dead process hears of nothing. */
class Line {
  protected readonly world: World;
  protected readonly caller: Caller;

  constructor(world: World, caller: Caller) {
    this.world = world;
    this.caller = caller;
  }

  protected async call<T>(work: () => Promise<T>): Promise<T> {
    const { weather } = this.caller;
    const { dice, time } = this.world;
    if (!this.caller.alive) return never();
    if (weather.mode === 'hangs') {
      await time.sleep(HUNG_MS);
      throw new AmbiguousError('timed out');
    }
    if (weather.mode === 'down') throw new Error('connection refused');
    const late = weather.mode === 'slow' ? dice.between(20, SLOWEST_MS) : 0;
    const before = dice.chance(0.5);
    if (late > 0 && before) await time.sleep(late);
    const result = await this.done(work);
    if (late > 0 && !before) await time.sleep(late);
    return this.caller.alive ? result : never();
  }

  /** The store does it now: time stands still. */
  private async done<T>(work: () => Promise<T>): Promise<T> {
    if (!this.caller.alive) return never();
    const { time } = this.world;
    time.busy += 1;
    try {
      return await work();
    } finally {
      time.busy -= 1;
    }
  }
}

/** What hears of commits. */
export interface CommitWatch {
  /** A commit sets out. */
  starts(ops: readonly Op[], id: string): void;
  /** It took effect, perhaps again. */
  done(guards: readonly Guard[], ops: readonly Op[], id: string, rev: bigint): void;
  acquired(token: bigint): void;
}

interface Watched {
  readonly prefix: string;
  readonly handler: WatchHandler;
  readonly signal: AbortSignal;
}

/** State and audit, as one process reaches them. */
export class StateLink extends Line implements StateStore {
  /** It has had the lease. */
  led = false;
  private readonly base: StateStore;
  private readonly audit: CommitWatch;
  private readonly watched: Watched[] = [];
  private deaf = false;

  constructor(world: World, caller: Caller, base: StateStore, audit: CommitWatch) {
    super(world, caller);
    this.base = base;
    this.audit = audit;
  }

  get(key: string): Promise<Entry | null> {
    return this.call(() => this.base.get(key));
  }

  list(prefix: string): ReturnType<StateStore['list']> {
    return this.call(() => this.base.list(prefix));
  }

  async commit(guards: readonly Guard[], ops: readonly Op[], id: string): Promise<Commit> {
    const { caller, world } = this;
    if (caller.dies('before commit')) return never();
    this.audit.starts(ops, id);
    const fault = caller.weather.commit;
    caller.weather.commit = null;
    if (fault !== null) world.say('store', () => `the next answer is lost (${fault})`);
    if (fault === 'unsaid') throw new AmbiguousError('timed out');
    // Half of the robbed hear that they are, the others die before that.
    const robbed = await caller.isRobbed();
    const commit = await this.call(async () => {
      const taken = await this.base.commit(guards, ops, id);
      if (taken.ok) this.audit.done(guards, ops, id, taken.rev);
      return taken;
    });
    if (caller.dies('after commit') || (robbed && world.dice.chance(0.5) && caller.die('robbed')))
      return never();
    if (fault === 'lost') throw new AmbiguousError('timed out');
    return commit;
  }

  watch(prefix: string, handler: WatchHandler, signal: AbortSignal): void {
    this.watched.push({ prefix, handler, signal });
    const hears = (): boolean => {
      const { mode } = this.caller.weather;
      if (mode === 'fine' || mode === 'slow') return this.caller.alive;
      this.deaf = true;
      return false;
    };
    const through: WatchHandler = {
      snapshot: (rev, entries) => void (hears() && handler.snapshot(rev, entries)),
      batch: (rev, changes) => void (hears() && handler.batch(rev, changes)),
      health: () => undefined,
    };
    this.base.watch(prefix, through, signal);
  }

  /** The store is back in reach: watchers start again with everything there is. */
  async catchUp(): Promise<void> {
    if (!this.deaf || !this.caller.alive) return;
    this.deaf = false;
    for (const { prefix, handler, signal } of this.watched) {
      const { rev, entries } = await this.base.list(prefix);
      if (this.caller.alive && !signal.aborted) handler.snapshot(rev, entries);
    }
  }

  async acquire(name: string, holder: string, ttlMs: number): Promise<Lease | null> {
    if (this.caller.dies('before acquire')) return never();
    const lease = await this.call(async () => {
      const taken = await this.base.acquire(name, holder, ttlMs);
      if (taken !== null) this.audit.acquired(taken.token.token);
      return taken;
    });
    if (lease === null) return null;
    this.led = true;
    if (this.caller.dies('after acquire')) return never();
    const { token, lost } = lease;
    const [renew, release] = [() => lease.renew(), () => lease.release()];
    return { token, lost, renew: () => this.call(renew), release: () => this.call(release) };
  }

  status(): StoreStatus {
    const { mode } = this.caller.weather;
    return mode === 'down' ? { ...this.base.status(), mode } : this.base.status();
  }

  async close(): Promise<void> {
    await this.base.close();
  }
}

/** What hears of windows. */
export interface WindowWatch {
  put(window: Window, outcome: 'stored' | 'duplicate' | 'late'): void;
  /** All windows of a recall were read. */
  read(): void;
}

/** Windows and events, as one process reaches them. */
export class TelemetryLink extends Line {
  private readonly base: TelemetryStore;
  private readonly shelf: WindowWatch;
  private readonly state: StateLink;

  constructor(world: World, caller: Caller, base: TelemetryStore, state: StateLink, shelf: WindowWatch) {
    super(world, caller);
    this.base = base;
    this.state = state;
    this.shelf = shelf;
  }

  /** This one for the product. */
  get port(): TelemetryStore {
    const { base } = this;
    return {
      putWindow: (window) => this.putWindow(window),
      readWindows: (fromMs, toMs) => this.readWindows(fromMs, toMs),
      readNewest: (limit) => this.call(() => base.readNewest(limit)),
      putClass: (counts, seenMs, sinceMs) => this.call(() => base.putClass(counts, seenMs, sinceMs)),
      readClasses: (limit) => this.call(() => base.readClasses(limit)),
      readClass: (id) => this.call(() => base.readClass(id)),
      putEvidence: (evidence) => this.call(() => base.putEvidence(evidence)),
      readEvidence: (epoch) => this.call(() => base.readEvidence(epoch)),
      appendEvent: (event) => this.call(() => base.appendEvent(event)),
      readEvents: (after, limit) => this.call(() => base.readEvents(after, limit)),
      sweep: (nowMs) => this.call(() => base.sweep(nowMs)),
    };
  }

  private async putWindow(window: Window): ReturnType<TelemetryStore['putWindow']> {
    if (this.caller.dies('before window')) return never();
    const outcome = await this.call(async () => {
      const put = await this.base.putWindow(window);
      this.shelf.put(window, put);
      return put;
    });
    return this.caller.dies('after window') ? never() : outcome;
  }

  /** Only the recall of the gates comes after the lease: the thresholds of tails are read before. */
  private async *readWindows(fromMs: number, toMs: number): AsyncGenerator<Window> {
    const { caller } = this;
    const recall = this.state.led;
    if (recall && caller.dies('before recall')) await never();
    const windows = this.base.readWindows(fromMs, toMs)[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.call(() => windows.next());
      if (next.done === true) break;
      if (recall && caller.dies('during recall')) await never();
      yield next.value;
    }
    if (!recall) return;
    if (caller.dies('after recall')) await never();
    this.shelf.read();
  }
}
