import { monotonicMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import type { GatewayConfig, RolloutView, Snapshot } from '../core/snapshot.ts';
import type { WorkerHandle } from './worker-handle.ts';

type Acknowledging = Pick<
  WorkerHandle,
  'pid' | 'state' | 'startRevision' | 'sentRevision' | 'acknowledgedRevision'
>;

export interface PublisherOptions {
  /** Hands a snapshot to every worker. */
  readonly send: (snapshot: Snapshot) => void;
  /** The workers that have to acknowledge. */
  readonly workers: () => readonly Acknowledging[];
  /** Every worker runs on it. Called once per revision, unless a newer one came first. */
  readonly onInEffect: (revision: number, acknowledgedBy: number, tookMs: number) => void;
  /** @param missing process numbers of those that did not acknowledge in time */
  readonly onLate: (revision: number, missing: readonly number[]) => void;
  readonly timeoutMs?: number;
}

/** Makes snapshots, and knows when one is in effect: when every worker that serves has acknowledged it. */
export class Publisher {
  private readonly options: PublisherOptions;
  private newest: Snapshot | null = null;
  private publishedMs = 0;
  private announced = false;
  private timer: NodeJS.Timeout | null = null;
  private waiting: (() => void)[] = [];

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

  /** Publishes a new revision. */
  publish(config: GatewayConfig, rollout: RolloutView): Snapshot {
    const snapshot: Snapshot = { revision: (this.newest?.revision ?? 0) + 1, config, rollout };
    this.newest = snapshot;
    this.publishedMs = monotonicMs();
    this.announced = false;
    this.watch();
    this.options.send(snapshot);
    this.check();
    return snapshot;
  }

  /** Looks again whether the newest snapshot is in effect: after an acknowledgement, and when a worker went. */
  check(): void {
    if (this.announced || this.newest === null) return;
    const workers = this.required();
    if (workers.length === 0 || this.missing().length > 0) return;
    this.announced = true;
    this.stop();
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

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
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
    this.stop();
    this.timer = setTimeout(() => {
      const missing = this.missing();
      if (!this.announced && missing.length > 0) this.options.onLate(this.current.revision, missing);
    }, this.options.timeoutMs ?? LIMITS.acknowledgeTimeoutMs);
  }
}
