import type { CompiledConfig } from '../config/compile.ts';
import { wallMs } from '../core/clock.ts';
import type { FileLock } from '../store/sqlite/lock.ts';
import { openSqliteStore } from '../store/sqlite/store.ts';
import type { SqliteStore } from '../store/sqlite/store.ts';
import { mergeWindows } from '../telemetry/merge.ts';
import { buildName } from './build.ts';
import { KillSwitchKeeper } from './kill-switch-keeper.ts';
import { legacyServes } from './legacy-serves.ts';
import { lockRunDir } from './lock.ts';
import { drainOrphans, findOrphans, killOrphans, portsAfter } from './orphans.ts';
import { canReusePort, lockPorts, probePorts } from './ports.ts';
import type { PortLocks } from './ports.ts';
import { Publisher } from './publisher.ts';
import { prepareRunDir } from './run-dir.ts';
import type { WorkerRecord } from './run-dir.ts';
import { Steering } from './steering.ts';
import { TelemetryHub } from './telemetry-hub.ts';
import type { WorkerHandle } from './worker-handle.ts';
import { WorkerSet } from './worker-set.ts';

export interface NodeOptions {
  readonly configFile: string;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
  readonly workerModule: URL;
}

/** What is open for the whole run: found before anything was started, given back at its very end. */
interface Ground {
  readonly lock: FileLock;
  readonly ports: PortLocks;
  readonly orphans: readonly WorkerRecord[];
  readonly store: SqliteStore;
}

/** One gateway node: its workers, what they run on, and what they report. */
export class GatewayNode {
  readonly startedAtMs = wallMs();
  readonly build = buildName();
  readonly hub: TelemetryHub;
  readonly publisher: Publisher;
  readonly workers: WorkerSet;
  readonly store: SqliteStore;
  readonly killSwitch: KillSwitchKeeper;
  private readonly config: CompiledConfig;
  private readonly options: NodeOptions;
  private readonly ground: Ground;
  private steered: Steering | null = null;
  private orphansGone: Promise<void> = Promise.resolve();
  private readonly orphansNow = new AbortController();
  private served = false;

  private constructor(config: CompiledConfig, options: NodeOptions, ground: Ground) {
    this.config = config;
    this.options = options;
    this.ground = ground;
    this.store = ground.store;
    this.hub = this.openHub();
    this.publisher = this.openPublisher();
    this.workers = this.openWorkers();
    this.killSwitch = this.openKillSwitch();
  }

  /**
   * Takes the run directory, finds what an earlier supervisor left, opens the store and reads the rollout.
   * @throws CutoverError ALREADY_RUNNING, PORT_TAKEN, LEASE_HELD, STORE_…; nothing is left open then
   */
  static async open(config: CompiledConfig, options: NodeOptions): Promise<GatewayNode> {
    const node = new GatewayNode(config, options, await prepareGround(config));
    try {
      await node.hub.recall();
      node.steered = await Steering.open({
        ...options,
        config,
        build: node.build,
        state: node.store.state,
        telemetry: node.store.telemetry,
        publisher: node.publisher,
        event: (event) => node.hub.event(event),
        legacyServes: () => legacyServes(node.hub.lastWindow, node.steering.state.sinceMs),
      });
      return node;
    } catch (error) {
      await node.close();
      throw error;
    }
  }

  /** Configuration and rollout. */
  get steering(): Steering {
    if (this.steered === null) throw new Error('the node was not opened');
    return this.steered;
  }

  /** Serves, and does not drain. */
  get ready(): boolean {
    const serving = this.workers.alive.some(({ state }) => state === 'serving');
    return this.served && serving && !this.workers.stopping;
  }

  /** Starts the workers, then ends those of an earlier supervisor. @throws CutoverError when nothing can serve */
  async start(): Promise<void> {
    await this.killSwitch.start();
    if (!canReusePort()) await this.endOrphans();
    await this.workers.start();
    if (canReusePort()) this.orphansGone = this.endOrphans();
    await this.publisher.settled();
  }

  /** Lets exchanges finish and ends every worker; resolves a little after the deadline at the latest. */
  async drain(): Promise<void> {
    this.options.log('info', 'draining');
    await Promise.all([this.workers.drain(this.workers.drainMs), this.orphansGone]);
  }

  /** Ends every worker at once. */
  async kill(): Promise<void> {
    this.orphansNow.abort();
    await Promise.all([this.workers.kill(), this.orphansGone]);
  }

  /** For the exit of this process: an orderly end leaves nobody behind. */
  endNow(): void {
    if (!this.workers.stopping) return;
    this.workers.killNow();
    killOrphans(this.ground.orphans);
  }

  /** Gives everything back; workers that are left are killed. */
  async close(): Promise<void> {
    await this.workers.kill();
    this.publisher.stop();
    await this.killSwitch.close();
    await this.hub.close();
    await this.steered?.close();
    await this.store.close();
    this.ground.ports.release();
    this.ground.lock.release();
  }

  private endOrphans(): Promise<void> {
    return drainOrphans(this.ground.orphans, {
      runDir: this.config.node.runDir,
      deadlineMs: this.config.gateway.timeouts.drainMs,
      onDrained: (pid) => this.hub.event({ type: 'orphan_drained', pid }),
      now: this.orphansNow.signal,
    });
  }

  private openHub(): TelemetryHub {
    return new TelemetryHub({
      store: this.store.telemetry,
      windowMs: this.config.plan.windowMs,
      lastEventSequence: this.store.lastEventSequence(),
      onWindow: (window) => this.steered?.learn(window),
      log: this.options.log,
    });
  }

  private openPublisher(): Publisher {
    return new Publisher({
      send: (snapshot) => this.workers.publish(snapshot),
      workers: () => this.workers.alive,
      onInEffect: (revision, acknowledgedBy, ms) => {
        this.served = true;
        if (revision === this.steered?.quietRevision) return;
        this.hub.event({ type: 'snapshot', revision, acknowledgedBy, tookMs: Math.round(ms) });
      },
      onLate: (revision, missing) => this.hub.event({ type: 'snapshot_late', revision, missing }),
      onStuck: (_, pids) =>
        this.workers.replace(pids, 'it did not take a rollback or the kill switch in time'),
    });
  }

  private openWorkers(): WorkerSet {
    const { workers, runDir } = this.config.node;
    const { listeners } = this.config.gateway;
    return new WorkerSet({
      module: this.options.workerModule,
      workers: canReusePort() ? workers : 1,
      ports: portsAfter(this.ground.orphans, listeners),
      reusePort: canReusePort(),
      runDir,
      snapshot: () => this.publisher.current,
      log: this.options.log,
      listener: {
        onUp: ({ pid, slot }) => this.hub.event({ type: 'worker_up', pid, slot }),
        onDown: (worker, how, retryInMs) => this.onDown(worker, how, retryInMs),
        onAcknowledged: () => this.publisher.check(),
        onDelta: (_, delta) => this.hub.add(delta),
      },
    });
  }

  private onDown({ pid, slot, incarnation }: WorkerHandle, how: string, retryInMs: number): void {
    this.hub.workerLost(incarnation);
    this.hub.event({ type: 'worker_down', pid, slot, how, retryInMs });
    this.publisher.check();
  }

  private openKillSwitch(): KillSwitchKeeper {
    return new KillSwitchKeeper({
      runDir: this.config.node.runDir,
      isOn: () => this.steering.state.bypass,
      apply: (verb, by) => this.steering.apply({ verb, ...by }),
      log: (message) => this.options.log('error', message),
    });
  }
}

async function prepareGround(config: CompiledConfig): Promise<Ground> {
  const { runDir, store } = config.node;
  const lock = lockRunDir(await prepareRunDir(runDir));
  let ports: PortLocks | null = null;
  try {
    ports = await lockPorts(config.gateway.listeners);
    const orphans = await findOrphans(runDir);
    await probePorts(config.gateway.listeners, new Set(orphans.flatMap(({ ports }) => ports)));
    const { file, windowsMs, examplesMs, maxBytes } = store;
    const retention = { windowsMs, examplesMs, eventsMs: windowsMs, maxBytes };
    return { lock, ports, orphans, store: openSqliteStore({ file, retention, mergeWindows }) };
  } catch (error) {
    ports?.release();
    lock.release();
    throw error;
  }
}
