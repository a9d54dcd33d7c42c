import { monotonicMs } from '../core/clock.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { CutoverError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { TelemetryDelta } from '../telemetry/types.ts';
import { listenError } from './ports.ts';
import { removeWorkerRecord } from './run-dir.ts';
import { TicketOffice } from './ticket-office.ts';
import type { WorkerHandle } from './worker-handle.ts';
import { WorkerSlot } from './worker-slot.ts';

export interface WorkerSetOptions {
  readonly module: URL;
  readonly workers: number;
  /** One per listener; 0 lets worker 0 pick. */
  readonly ports: readonly number[];
  readonly reusePort: boolean;
  /** Whether another supervisor's workers still serve the unix sockets. */
  readonly beside?: () => boolean;
  readonly runDir: string;
  /** The newest snapshot, for a worker that starts. */
  readonly snapshot: () => Snapshot;
  readonly silenceMs?: number;
  /** Resident memory of one worker, above which it is replaced; default `LIMITS.workerRssBytes`. */
  readonly memoryBytes?: number;
  /** How long keys of session tickets are the newest; default `LIMITS.ticketKeyMs`. */
  readonly ticketKeyMs?: number;
  readonly listener: WorkerSetListener;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
}

/** Hears about all workers. */
interface WorkerSetListener {
  onUp(worker: WorkerHandle): void;
  /** @param retryInMs until it is started again, -1 when it is not */
  onDown(worker: WorkerHandle, how: string, retryInMs: number): void;
  onAcknowledged(worker: WorkerHandle): void;
  onDelta(worker: WorkerHandle, delta: TelemetryDelta): void;
  /** Its event loop was late for some seconds; once until it is quick again. */
  onSlow?(worker: WorkerHandle, loopDelayMs: number): void;
}

/** The workers of this node: started, watched, restarted, drained. */
export class WorkerSet {
  readonly module: URL;
  stopping = false;
  /** One per listener: as asked for, and as bound once worker 0 listens. */
  ports: readonly number[];
  private readonly options: WorkerSetOptions;
  private readonly slots: WorkerSlot[];
  private readonly tickets: TicketOffice;
  private timer: NodeJS.Timeout | null = null;
  private started: PromiseWithResolvers<void> | null = null;
  private allEnded: PromiseWithResolvers<void> | null = null;

  constructor(options: WorkerSetOptions) {
    this.options = options;
    this.module = options.module;
    this.ports = options.ports;
    this.tickets = new TicketOffice((keys) => {
      for (const worker of this.alive) worker.useTicketKeys(keys);
    }, options.ticketKeyMs);
    this.slots = Array.from({ length: options.workers }, (_, index) => new WorkerSlot(index, this));
  }

  /** Every process that has not ended. */
  get alive(): WorkerHandle[] {
    return this.slots.flatMap((slot) => slot.alive);
  }

  /** The places for workers, for the status. */
  get places(): readonly WorkerSlot[] {
    return this.slots;
  }

  get reusePort(): boolean {
    return this.options.reusePort;
  }

  get memoryBytes(): number {
    return this.options.memoryBytes ?? LIMITS.workerRssBytes;
  }

  /** One worker at a time: no other one is being replaced, and every other place serves. */
  mayReplace(slot: WorkerSlot): boolean {
    return this.slots.every((other) => other === slot || other.isSettled);
  }

  onSlow(worker: WorkerHandle, loopDelayMs: number): void {
    this.options.listener.onSlow?.(worker, loopDelayMs);
  }

  get drainMs(): number {
    return this.options.snapshot().config.timeouts.drainMs;
  }

  /**
   * Starts worker 0, which settles the ports, then the others. Resolves when worker 0 listens.
   * @returns the ports that were bound
   * @throws CutoverError when worker 0 cannot start: nobody could, and starting again would not help
   */
  async start(): Promise<readonly number[]> {
    this.started = Promise.withResolvers();
    this.slots[0]?.fork();
    await this.started.promise;
    this.started = null;
    for (const slot of this.slots.slice(1)) slot.fork();
    this.timer = setInterval(() => this.tick(), LIMITS.deltaIntervalMs);
    return this.ports;
  }

  /**
   * Resolves when every place has a worker that serves.
   * @throws CutoverError WORKER_START when one dies before that, or at the deadline
   */
  async allServing(timeoutMs: number): Promise<void> {
    const untilMs = monotonicMs() + timeoutMs;
    while (!this.slots.every(({ current }) => current?.state === 'serving')) {
      const failed = this.slots.find(({ restarts, current }) => restarts > 0 || current === null);
      if (failed !== undefined || monotonicMs() > untilMs || this.stopping) throw notServing();
      await new Promise((resolve) => setTimeout(resolve, LIMITS.handOverPollMs));
    }
  }

  /** Resolves when every worker that serves has said what it counted, or after `timeoutMs`. */
  async report(timeoutMs: number): Promise<void> {
    await Promise.all(this.alive.map((worker) => worker.report(timeoutMs)));
  }

  /** Hands a snapshot to every worker. */
  publish(snapshot: Snapshot): void {
    for (const worker of this.alive) worker.publish(snapshot);
  }

  /** Drains all workers; resolves when none is left, a little after the deadline at the latest. */
  async drain(deadlineMs: number): Promise<void> {
    this.stop();
    for (const worker of this.alive) {
      if (worker.sentRevision === 0) worker.kill('stopped before it started');
      else worker.drain(deadlineMs);
    }
    await this.ended();
  }

  /** Ends these at once; others are started in their places. */
  replace(pids: readonly number[], why: string): void {
    for (const worker of this.alive) if (pids.includes(worker.pid)) worker.kill(why);
  }

  /** Ends all workers without waiting: for the last moment of this process. */
  killNow(): void {
    for (const worker of this.alive) worker.kill('stopped');
  }

  /** Ends all workers at once. */
  async kill(): Promise<void> {
    this.stop();
    this.killNow();
    await this.ended();
  }

  onReady(worker: WorkerHandle): void {
    const { runDir } = this.options;
    worker.start({
      type: 'start',
      slot: worker.slot,
      workers: this.slots.length,
      ports: this.ports,
      reusePort: this.reusePort,
      beside: this.options.beside?.() ?? false,
      runDir,
      snapshot: this.options.snapshot(),
      ticketKeys: this.tickets.newest,
    });
  }

  onListening(worker: WorkerHandle, ports: readonly number[]): void {
    this.ports = ports;
    this.options.listener.onUp(worker);
    this.started?.resolve();
  }

  onAcknowledged(worker: WorkerHandle): void {
    this.options.listener.onAcknowledged(worker);
  }

  onDelta(worker: WorkerHandle, delta: TelemetryDelta): void {
    this.options.listener.onDelta(worker, delta);
  }

  onExit(worker: WorkerHandle, how: string, retryInMs: number): void {
    removeWorkerRecord(this.options.runDir, worker.pid);
    if (this.started !== null) {
      this.stop();
      this.started.reject(startError(worker, how));
    }
    this.options.listener.onDown(worker, how, this.stopping ? -1 : retryInMs);
    if (this.alive.length === 0) this.allEnded?.resolve();
  }

  log(level: 'info' | 'warn' | 'error', message: string): void {
    this.options.log(level, message);
  }

  private async ended(): Promise<void> {
    if (this.alive.length === 0) return;
    this.allEnded ??= Promise.withResolvers();
    await this.allEnded.promise;
  }

  private stop(): void {
    this.stopping = true;
    if (this.timer !== null) clearInterval(this.timer);
    this.tickets.close();
    for (const slot of this.slots) slot.stop();
  }

  private tick(): void {
    for (const slot of this.slots) slot.tick(this.options.silenceMs ?? LIMITS.workerSilenceMs);
  }
}

function notServing(): CutoverError {
  return new CutoverError('WORKER_START', 'not every worker came to serve', {
    hint: 'the lines above say which one ended and how',
  });
}

function startError(worker: WorkerHandle, how: string): CutoverError {
  const failure = worker.startFailure;
  if (failure !== null) return listenError(failure.code, failure.message);
  return new CutoverError('WORKER_START', `the first worker ended before it could serve: ${how}`, {
    hint: 'its last words are in the lines above; then: cutover doctor',
  });
}
