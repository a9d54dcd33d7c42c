interface Timer {
  readonly id: number;
  dueMs: number;
  readonly everyMs: number | null;
  readonly fire: () => void;
}

/** What `setTimeout` gives: the product calls no more of it. */
class Handle {
  readonly id: number;

  constructor(id: number) {
    this.id = id;
  }

  unref(): this {
    return this;
  }

  ref(): this {
    return this;
  }
}

/** Wall time at the start of every simulation, milliseconds since the Unix epoch. */
const START_MS = 1_700_000_000_000;

/** The longest that one step may keep the event loop busy, turns: more is a loop that never ends. */
const MOST_TURNS = 10_000;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * The clock and all timers of a simulation: time passes only when somebody runs it, and the wall clock may jump. While it
 * is {@link install}ed the process's own `Date.now`, `performance.now` and timers are these.
 */
export class VirtualTime {
  /** Monotonic, milliseconds since the start. */
  elapsedMs = 0;
  /** Timers fired so far. */
  steps = 0;
  /** Calls that the product waits for and that end without any time passing. */
  busy = 0;
  private offsetMs = START_MS;
  private nextId = 1;
  private readonly timers = new Map<number, Timer>();

  get wallMs(): number {
    return this.offsetMs + Math.floor(this.elapsedMs);
  }

  /** Sets the wall clock forward or back; the monotonic one runs on. */
  jump(ms: number): void {
    this.offsetMs += ms;
  }

  /** Calls back later, in virtual time. */
  after(ms: number, fire: () => void): Handle {
    return this.add(ms, null, fire);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /** Lets everything happen that is due until then, one timer at a time, each to its end; `look` is called after each. */
  async runUntil(ms: number, look: () => boolean): Promise<void> {
    for (let next = this.earliest(ms); next !== null; next = this.earliest(ms)) {
      this.elapsedMs = Math.max(this.elapsedMs, next.dueMs);
      if (next.everyMs === null) this.timers.delete(next.id);
      else next.dueMs += next.everyMs;
      this.steps += 1;
      next.fire();
      await this.settle();
      if (!look()) return;
    }
    this.elapsedMs = ms;
  }

  /** Until everything that needs no time has happened. */
  async settle(): Promise<void> {
    let turns = 0;
    do {
      await turn();
      if ((turns += 1) > MOST_TURNS) throw new Error('a step does not come to its end');
    } while (this.busy > 0);
  }

  /** Puts this in the place of the process's clock and timers. @returns what takes it away again */
  install(): () => void {
    const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
    const { now } = Date;
    const mine = {
      setTimeout: (fire: () => void, ms = 0) => this.add(ms, null, fire),
      setInterval: (fire: () => void, ms = 0) => this.add(ms, Math.max(1, ms), fire),
      clearTimeout: (handle?: Handle) => this.clear(handle),
      clearInterval: (handle?: Handle) => this.clear(handle),
    };
    Object.assign(globalThis, mine);
    Date.now = () => this.wallMs;
    Object.defineProperty(performance, 'now', { value: () => this.elapsedMs, configurable: true });
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval });
      Date.now = now;
      Reflect.deleteProperty(performance, 'now');
    };
  }

  private add(ms: number, everyMs: number | null, fire: () => void): Handle {
    const id = this.nextId;
    this.nextId += 1;
    this.timers.set(id, { id, dueMs: this.elapsedMs + Math.max(1, ms), everyMs, fire });
    return new Handle(id);
  }

  private clear(handle: Handle | undefined): void {
    if (handle instanceof Handle) this.timers.delete(handle.id);
  }

  /** The timer that is due first, and of those the one that was set first. */
  private earliest(untilMs: number): Timer | null {
    let found: Timer | null = null;
    for (const timer of this.timers.values()) {
      if (timer.dueMs <= untilMs && (found === null || timer.dueMs < found.dueMs)) found = timer;
    }
    return found;
  }
}
