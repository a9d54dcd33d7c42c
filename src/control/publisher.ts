import { monotonicMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import type { GatewayConfig, RolloutView, Snapshot } from '../core/snapshot.ts';
import type { WorkerHandle } from './worker-handle.ts';

type Acknowledging = Pick<
  WorkerHandle,
  'pid' | 'state' | 'startRevision' | 'sentRevision' | 'acknowledgedRevision'
> &
  Partial<Pick<WorkerHandle, 'relievedRevision'>>;

export interface PublisherOptions {
  /** Hands a snapshot to every worker. */
  readonly send: (snapshot: Snapshot) => void;
  /** The workers that have to acknowledge. */
  readonly workers: () => readonly Acknowledging[];
  /** Every worker runs on it. Called once per revision, unless a newer one came first. */
  readonly onInEffect: (revision: number, acknowledgedBy: number, tookMs: number) => void;
  /** @param missing process numbers of those that did not acknowledge in time */
  readonly onLate: (revision: number, missing: readonly number[]) => void;
  /** These still send clients to the candidate that are to go to legacy. */
  readonly onStuck: (revision: number, pids: readonly number[]) => void;
  readonly timeoutMs?: number;
}

/** How far the newest snapshot got. */
export interface Effect {
  readonly inEffect: boolean;
  /** Process numbers of workers that have not acknowledged it. */
  readonly missingPids: readonly number[];
}

/** Makes snapshots, and knows when one is in effect: when every worker that serves has acknowledged it. */
export class Publisher {
  private readonly options: PublisherOptions;
  private newest: Snapshot | null = null;
  private publishedMs = 0;
  private announced = false;
  private timer: NodeJS.Timeout | null = null;
  private waiting: (() => void)[] = [];
  private readonly reliefs = new Set<NodeJS.Timeout>();

  constructor(options: PublisherOptions) {
    this.options = options;
  }

  /** The newest snapshot. @throws before the first publication, which is a defect */
  get current(): Snapshot {
    if (this.newest === null) throw new Error('nothing was published yet');
    return this.newest;
  }

  /** Whether every worker runs on the newest snapshot. */
  get inEffect(): boolean {
    return this.announced;
  }

  /** Publishes a new revision. @param relief it takes clients away from the candidate: nobody may miss it */
  publish(config: GatewayConfig, rollout: RolloutView, relief = false): Snapshot {
    const snapshot: Snapshot = { revision: (this.newest?.revision ?? 0) + 1, config, rollout };
    this.newest = snapshot;
    this.publishedMs = monotonicMs();
    this.announced = false;
    this.watch();
    this.options.send(snapshot);
    if (relief) this.insist(snapshot.revision, this.timeoutMs, true);
    this.check();
    return snapshot;
  }

  /** Looks again whether the newest snapshot is in effect: after an acknowledgement, and when a worker went. */
  check(): void {
    if (this.announced || this.newest === null) return;
    const workers = this.required();
    if (workers.length === 0 || this.missing().length > 0) return;
    this.announced = true;
    this.unwatch();
    this.options.onInEffect(this.newest.revision, workers.length, monotonicMs() - this.publishedMs);
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Resolves when the newest snapshot is in effect, or at the deadline. @returns whether it is */
  async settled(timeoutMs: number = LIMITS.acknowledgeTimeoutMs): Promise<boolean> {
    if (this.announced) return true;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    return this.announced;
  }

  /** Waits until the newest snapshot is in effect, or until the time for that is over, and says how far it got. */
  async effect(): Promise<Effect> {
    const inEffect = await this.settled(Math.max(0, this.publishedMs + this.timeoutMs - monotonicMs()));
    return { inEffect, missingPids: inEffect ? [] : this.missing() };
  }

  stop(): void {
    this.unwatch();
    for (const timer of this.reliefs) clearTimeout(timer);
    this.reliefs.clear();
  }

  private get timeoutMs(): number {
    return this.options.timeoutMs ?? LIMITS.acknowledgeTimeoutMs;
  }

  private unwatch(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Names who has not taken a relief by then; newer snapshots do not extend the time. */
  private insist(revision: number, afterMs: number, wait: boolean): void {
    const timer = setTimeout(() => {
      this.reliefs.delete(timer);
      if (wait) this.insist(revision, LIMITS.acknowledgeGraceMs, false);
      else this.endStuck(revision);
    }, afterMs);
    this.reliefs.add(timer);
  }

  private endStuck(revision: number): void {
    const serving = this.options.workers().filter(({ state }) => state === 'serving' || state === 'draining');
    const stuck = serving.filter(({ acknowledgedRevision, relievedRevision = 0 }) => {
      return Math.max(acknowledgedRevision, relievedRevision) < revision;
    });
    if (stuck.length > 0)
      this.options.onStuck(
        revision,
        stuck.map(({ pid }) => pid),
      );
  }

  /** A worker that is starting on the newest snapshot serves nobody on an older one. */
  private required(): Acknowledging[] {
    const revision = this.newest?.revision ?? 0;
    return this.options.workers().filter(({ state, startRevision, sentRevision }) => {
      return sentRevision > 0 && !(state === 'starting' && startRevision === revision);
    });
  }

  private missing(): number[] {
    const revision = this.newest?.revision ?? 0;
    return this.required()
      .filter(({ acknowledgedRevision }) => acknowledgedRevision < revision)
      .map(({ pid }) => pid);
  }

  private watch(): void {
    this.unwatch();
    this.timer = setTimeout(() => {
      const missing = this.missing();
      if (!this.announced && missing.length > 0) this.options.onLate(this.current.revision, missing);
    }, this.timeoutMs);
  }
}
