import { LIMITS } from '../core/limits.ts';
import { systemRandom } from '../core/random.ts';
import type { TelemetryDelta } from '../telemetry/types.ts';
import { restartDelayMs } from './backoff.ts';
import { WorkerHandle } from './worker-handle.ts';

/** What a slot asks of the set it belongs to. */
export interface SlotOwner {
  readonly module: URL;
  readonly stopping: boolean;
  /** A successor can listen beside the one it replaces. */
  readonly reusePort: boolean;
  readonly drainMs: number;
  /** Resident memory of one worker, above which it is replaced. */
  readonly memoryBytes: number;
  /** Whether no other worker is being replaced or missing. */
  mayReplace(slot: WorkerSlot): boolean;
  /** The filter that keeps a worker from everything else, if its watch names one. */
  blockOf(worker: WorkerHandle): { readonly how: string; readonly isSure: boolean } | null;
  onSlow(worker: WorkerHandle, loopDelayMs: number): void;
  /** Sends the worker its start. */
  onReady(worker: WorkerHandle): void;
  onListening(worker: WorkerHandle, ports: readonly number[]): void;
  onAcknowledged(worker: WorkerHandle): void;
  onDelta(worker: WorkerHandle, delta: TelemetryDelta): void;
  /** @param retryInMs until it is started again, -1 when it is not */
  onExit(worker: WorkerHandle, how: string, retryInMs: number): void;
  log(level: 'info' | 'warn' | 'error', message: string): void;
}

/** One place for a worker: its process, the one it replaces while that drains, and the wait after a death. */
export class WorkerSlot {
  readonly index: number;
  /** Starts after the first one. */
  restarts = -1;
  current: WorkerHandle | null = null;
  private retiring: WorkerHandle | null = null;
  private readonly owner: SlotOwner;
  private failures = 0;
  private slowReports = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(index: number, owner: SlotOwner) {
    this.index = index;
    this.owner = owner;
  }

  /** Every process of this slot that has not ended. */
  get alive(): WorkerHandle[] {
    return [this.current, this.retiring].filter((worker) => worker !== null);
  }

  /** One worker serves and none is on its way out. */
  get isSettled(): boolean {
    return this.retiring === null && this.current?.state === 'serving';
  }

  /** Starts a process. */
  fork(): void {
    this.timer = null;
    this.restarts += 1;
    this.current = new WorkerHandle(this.index, this.owner.module, {
      onReady: (worker) => this.owner.onReady(worker),
      onListening: (worker, ports) => {
        this.retiring?.drain(this.owner.drainMs);
        this.owner.onListening(worker, ports);
      },
      onAcknowledged: (worker) => this.owner.onAcknowledged(worker),
      onDelta: (worker, delta) => {
        this.owner.onDelta(worker, delta);
        this.guardMemory(worker);
        this.guardDelay(worker);
      },
      onExit: (worker, how) => this.onExit(worker, how),
    });
  }

  /** One tick of `LIMITS.deltaIntervalMs`: a worker that says nothing for too long is blocked. */
  tick(silenceMs: number): void {
    for (const worker of this.alive) {
      if (worker.state === 'starting') continue;
      worker.silentTicks += 1;
      if (worker.silentTicks * LIMITS.deltaIntervalMs < LIMITS.filterBlockMs) continue;
      const block = this.owner.blockOf(worker);
      const isSilent = worker.silentTicks * LIMITS.deltaIntervalMs > silenceMs;
      // A hook that does not return is known to: nobody has to wait for it to be silent for long.
      if (block?.isSure === true) worker.kill(`blocked ${block.how}`);
      else if (isSilent) worker.kill(`blocked for ${silenceMs} ms${block === null ? '' : `, ${block.how}`}`);
    }
  }

  /** No more starts. */
  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Over the limit a successor is started first; this one drains when the other listens. */
  private guardMemory(worker: WorkerHandle): void {
    const rssBytes = worker.gauges?.rssBytes ?? 0;
    if (rssBytes <= this.owner.memoryBytes || worker !== this.current || worker.state !== 'serving') return;
    if (this.retiring !== null || this.owner.stopping || !this.owner.mayReplace(this)) return;
    this.owner.log('warn', `worker ${this.index} (${worker.pid}) holds ${rssBytes} bytes: it is replaced`);
    if (!this.owner.reusePort) {
      worker.drain(this.owner.drainMs);
      return;
    }
    this.renew();
  }

  /** Starts a successor of the worker that serves, which drains when the other one listens. */
  renew(): void {
    if (this.retiring !== null || this.current === null) return;
    this.retiring = this.current;
    this.fork();
  }

  /** A worker that is slow and not blocked is told about: replacing it would not make the load smaller. */
  private guardDelay(worker: WorkerHandle): void {
    if (worker !== this.current) return;
    const loopDelayMs = worker.gauges?.loopDelayMs ?? 0;
    this.slowReports = loopDelayMs >= LIMITS.workerSlowMs ? this.slowReports + 1 : 0;
    if (this.slowReports === LIMITS.workerSlowReports) this.owner.onSlow(worker, loopDelayMs);
  }

  private onExit(worker: WorkerHandle, how: string): void {
    if (worker === this.retiring) {
      this.retiring = null;
      this.owner.onExit(worker, how, -1);
      return;
    }
    this.current = null;
    if (this.owner.stopping) {
      this.owner.onExit(worker, how, -1);
      return;
    }
    this.failures = worker.servedMs > LIMITS.workerHealthyMs ? 1 : this.failures + 1;
    const retryInMs = restartDelayMs(this.failures, systemRandom);
    this.owner.onExit(worker, how, retryInMs);
    if (!this.owner.stopping) this.timer = setTimeout(() => this.fork(), retryInMs);
  }
}
