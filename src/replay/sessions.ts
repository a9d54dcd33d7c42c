/** One piece of work of one session. */
export interface Turn {
  /** Turns with the same key run one after the other; null runs beside all. */
  readonly session: string | null;
  readonly run: () => Promise<void>;
}

/**
 * Runs turns: those of one session in their order and never two at once, others beside each other, so many at the
 * most. A session that waits holds nobody else up.
 */
export class Sessions {
  private readonly concurrency: number;
  /** What waits behind the running turn of its session. */
  private readonly behind = new Map<string, Turn[]>();
  private ready: Turn[] = [];
  private readonly idle: (() => void)[] = [];
  private stopped = false;
  running = 0;
  /** Turns that were added and have not begun. */
  waiting = 0;

  constructor(concurrency: number) {
    this.concurrency = concurrency;
  }

  add(turn: Turn): void {
    this.waiting += 1;
    const queue = turn.session === null ? undefined : this.behind.get(turn.session);
    if (queue !== undefined) {
      queue.push(turn);
      return;
    }
    if (turn.session !== null) this.behind.set(turn.session, []);
    this.ready.push(turn);
    this.begin();
  }

  /** Begins nothing more; what runs goes on. */
  stop(): void {
    this.stopped = true;
    this.tellIdle();
  }

  /** Resolves when nothing runs and nothing more will begin. */
  async settled(): Promise<void> {
    if (this.isIdle) return;
    await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  private get isIdle(): boolean {
    return this.running === 0 && (this.stopped || this.waiting === 0);
  }

  private begin(): void {
    while (!this.stopped && this.running < this.concurrency) {
      const turn = this.ready.shift();
      if (turn === undefined) return;
      this.running += 1;
      this.waiting -= 1;
      void turn.run().finally(() => this.ended(turn));
    }
  }

  private ended({ session }: Turn): void {
    this.running -= 1;
    if (session !== null) {
      const next = this.behind.get(session)?.shift();
      if (next === undefined) this.behind.delete(session);
      else this.ready.push(next);
    }
    this.begin();
    this.tellIdle();
  }

  private tellIdle(): void {
    if (!this.isIdle) return;
    for (const each of this.idle.splice(0)) each();
  }
}
