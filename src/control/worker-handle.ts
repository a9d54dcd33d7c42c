import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { monotonicMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { TicketKeys } from '../core/ticket-keys.ts';
import type { TelemetryDelta, WorkerGauges } from '../telemetry/types.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/** The channel of a process that ended closes at once, unless a grandchild has inherited it. */
const LAST_MESSAGE_MS = 500;

/** Hears about one worker process; `onExit` is the last call. */
export interface WorkerListener {
  /** The process has loaded: send it its start. */
  onReady(worker: WorkerHandle): void;
  onListening(worker: WorkerHandle, ports: readonly number[]): void;
  onAcknowledged(worker: WorkerHandle): void;
  onDelta(worker: WorkerHandle, delta: TelemetryDelta): void;
  /** @param how what ended it, for people: `signal SIGKILL`, `exit code 1`, `blocked …` */
  onExit(worker: WorkerHandle, how: string): void;
}

/** What a start of a worker that failed said itself. */
export interface StartFailure {
  readonly code: string;
  readonly message: string;
}

/** One worker process, from its fork to its exit. */
export class WorkerHandle {
  readonly slot: number;
  readonly pid: number;
  state: 'starting' | 'serving' | 'draining' | 'down' = 'starting';
  /** Revisions of the snapshot it started on, the newest it was sent, and the newest it runs on; 0 for none. */
  startRevision = 0;
  sentRevision = 0;
  acknowledgedRevision = 0;
  gauges: WorkerGauges | null = null;
  incarnation = '';
  startFailure: StartFailure | null = null;
  /** Deltas that should have come and did not; counted in ticks, so that a supervisor that slept blames nobody. */
  silentTicks = 0;
  private readonly child: ChildProcess;
  private readonly reports: (() => void)[] = [];
  private readonly listener: WorkerListener;
  private servingSinceMs = 0;
  private ending: string | null = null;

  /** @param module the worker's entry */
  constructor(slot: number, module: URL, listener: WorkerListener) {
    this.slot = slot;
    this.listener = listener;
    this.child = fork(module, [], {
      serialization: 'advanced',
      // Inherited, not piped: a worker must be able to write when this process is gone.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [
        `--max-semi-space-size=${LIMITS.workerSemiSpaceMb}`,
        ...process.execArgv.filter(isForWorkers),
      ],
      env: { ...process.env, NODE_OPTIONS: withoutInspector(process.env['NODE_OPTIONS'] ?? '') },
    });
    this.pid = this.child.pid ?? 0;
    const timer = setTimeout(() => this.kill('did not start in time'), LIMITS.workerStartMs);
    this.child.on('message', (message: FromWorker) => {
      if (message.type === 'listening') clearTimeout(timer);
      this.hear(message);
    });
    this.child.on('error', (error) => {
      this.ending ??= error.message;
      if (this.child.pid === undefined) setImmediate(() => this.finish(this.ending ?? ''));
    });
    this.child.on('exit', (code, signal) => {
      clearTimeout(timer);
      this.afterLastMessage(() => this.finish(signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
  }

  /** Milliseconds it has been serving; 0 when it never did. */
  get servedMs(): number {
    return this.servingSinceMs === 0 ? 0 : monotonicMs() - this.servingSinceMs;
  }

  /** Hands it everything it needs to serve. */
  start(message: Extract<ToWorker, { type: 'start' }>): void {
    this.startRevision = message.snapshot.revision;
    this.sentRevision = message.snapshot.revision;
    this.send(message);
  }

  /** Hands it a newer snapshot; a worker that was not started yet gets it with its start. */
  publish(snapshot: Snapshot): void {
    if (this.sentRevision === 0 || this.state === 'down') return;
    this.sentRevision = snapshot.revision;
    this.send({ type: 'snapshot', snapshot });
  }

  /** Hands it other keys for session tickets; a worker that was not started yet gets them with its start. */
  useTicketKeys(keys: TicketKeys): void {
    if (this.sentRevision > 0 && this.state !== 'down') this.send({ type: 'ticket_keys', keys });
  }

  /** Asks for what it counted since its last word; resolves when that is here, or after `timeoutMs`. */
  async report(timeoutMs: number): Promise<void> {
    if (this.state !== 'serving' && this.state !== 'draining') return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.reports.push(() => {
        clearTimeout(timer);
        resolve();
      });
      this.send({ type: 'report' });
    });
  }

  /** Asks it to finish; killed when it has not ended a little after the deadline. */
  drain(deadlineMs: number): void {
    if (this.state === 'draining' || this.state === 'down') return;
    this.state = 'draining';
    this.send({ type: 'drain', deadlineMs });
    const timer = setTimeout(() => this.kill('did not drain in time'), deadlineMs + LIMITS.drainGraceMs);
    this.child.once('exit', () => clearTimeout(timer));
  }

  /** Ends it at once. @param why told by `onExit` */
  kill(why: string): void {
    if (this.state === 'down') return;
    this.ending ??= why;
    this.child.kill('SIGKILL');
  }

  private finish(how: string): void {
    if (this.state === 'down') return;
    this.state = 'down';
    for (const done of this.reports.splice(0)) done();
    this.listener.onExit(this, this.ending ?? how);
  }

  /** An exit may be seen before the last messages were read: they end with the channel. */
  private afterLastMessage(then: () => void): void {
    if (!this.child.connected) {
      then();
      return;
    }
    const timer = setTimeout(then, LAST_MESSAGE_MS);
    this.child.once('disconnect', () => {
      clearTimeout(timer);
      then();
    });
  }

  private send(message: ToWorker): void {
    // Errors mean that it is ending: its exit tells.
    if (this.child.connected) this.child.send(message, () => {});
  }

  private hear(message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        this.listener.onReady(this);
        break;
      case 'listening':
        if (this.state === 'starting') this.state = 'serving';
        this.servingSinceMs = monotonicMs();
        this.listener.onListening(this, message.ports);
        break;
      case 'acknowledged':
        this.acknowledgedRevision = message.revision;
        this.listener.onAcknowledged(this);
        break;
      case 'delta':
        this.silentTicks = 0;
        this.incarnation = message.delta.incarnation;
        this.gauges = message.delta.gauges;
        this.listener.onDelta(this, message.delta);
        for (const done of this.reports.splice(0)) done();
        break;
      case 'failed':
        this.startFailure = { code: message.code, message: message.message };
        this.ending ??= message.message;
        break;
      case 'drained':
        this.ending ??= `drained, ${message.cut} exchanges cut`;
        break;
    }
  }
}

/** Of this process's flags only those that shape the runtime itself: no inspector port twice, no `-e`. */
function isForWorkers(flag: string): boolean {
  return /^--(max-|stack-|enable-source-maps|disable-warning|no-warnings|trace-)/.test(flag);
}

function withoutInspector(options: string): string {
  return options
    .split(' ')
    .filter((option) => !option.startsWith('--inspect'))
    .join(' ');
}
