import { hostname } from 'node:os';
import type { CompiledConfig } from '../config/compile.ts';
import { wallMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import type { FileLock } from '../store/sqlite/lock.ts';
import type { SqliteStore } from '../store/sqlite/store.ts';
import type { Build } from './build.ts';
import { Follower } from './follower.ts';
import { KillSwitchKeeper } from './kill-switch-keeper.ts';
import { legacyServes } from './legacy-serves.ts';
import { notActing, notFollowing } from './node-errors.ts';
import { Notifier } from './notify/notifier.ts';
import { openStore } from './open-store.ts';
import { drainOrphans, findOrphans, findStrays, killOrphans, portsAfter } from './orphans.ts';
import { canReusePort, lockPorts, probePorts } from './ports.ts';
import type { PortLocks } from './ports.ts';
import { Publisher } from './publisher.ts';
import { listWorkers } from './run-dir.ts';
import type { WorkerRecord } from './run-dir.ts';
import { Steering } from './steering.ts';
import { TelemetryHub } from './telemetry-hub.ts';
import { UnixPaths } from './unix-paths.ts';
import type { WorkerHandle } from './worker-handle.ts';
import { WorkerSet } from './worker-set.ts';

export interface NodeOptions {
  readonly configFile: string;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
  readonly workerModule: URL;
  readonly build: Build;
  /** Said in the audit when this build or configuration is another one. */
  readonly startReason?: string;
}

/** What only the acting supervisor of a run directory has. */
interface Office {
  readonly lock: FileLock;
  readonly ports: PortLocks;
}

/** One gateway node: its workers, what they run on, and what they report. */
export class GatewayNode {
  readonly startedAtMs = wallMs();
  readonly build: string;
  readonly hub: TelemetryHub;
  readonly notifier: Notifier;
  readonly publisher: Publisher;
  readonly workers: WorkerSet;
  readonly sockets: UnixPaths;
  private config: CompiledConfig;
  private readonly options: NodeOptions;
  /** Workers of a supervisor before this one; they are drained once the new ones serve and this one acts. */
  private readonly orphans: readonly WorkerRecord[];
  private office: Office | null = null;
  private opened: SqliteStore | null = null;
  private steered: Steering | null = null;
  private follower: Follower | null = null;
  private keeper: KillSwitchKeeper | null = null;
  private readonly strays = new Set<number>();
  private strayTimer: NodeJS.Timeout | null = null;
  private orphansGone: Promise<void> = Promise.resolve();
  private readonly orphansNow = new AbortController();
  private served = false;

  private constructor(config: CompiledConfig, options: NodeOptions, orphans: readonly WorkerRecord[]) {
    this.config = config;
    this.options = options;
    this.orphans = orphans;
    this.build = options.build.name;
    this.sockets = new UnixPaths(config.gateway.listeners);
    this.hub = this.openHub();
    this.notifier = this.openNotifier();
    this.publisher = this.openPublisher();
    this.workers = this.openWorkers();
  }

  /**
   * Finds what an earlier supervisor left, opens the store and reads the rollout.
   * @param lock of the run directory; released with the node
   * @throws CutoverError PORT_TAKEN, LEASE_HELD, STORE_…; nothing is left open then
   */
  static async open(config: CompiledConfig, options: NodeOptions, lock: FileLock): Promise<GatewayNode> {
    let node: GatewayNode | null = null;
    try {
      const { listeners } = config.gateway;
      const orphans = await findOrphans(config.node.runDir);
      node = new GatewayNode(config, options, orphans);
      await node.act(lock, () => probePorts(listeners, portsOf(orphans)));
      return node;
    } catch (error) {
      await node?.close();
      lock.release();
      throw error;
    }
  }

  /**
   * A node beside one that acts: it follows the rollout, and its workers can serve before {@link act}.
   * @param pid of the supervisor that acts
   * @throws CutoverError PORT_TAKEN, STORE_…, or what the rollout has against this configuration
   */
  static async beside(config: CompiledConfig, options: NodeOptions, pid: number): Promise<GatewayNode> {
    const { gateway, plan, node: place } = config;
    const others = (await listWorkers(place.runDir)).filter(({ supervisorPid }) => supervisorPid === pid);
    await probePorts(gateway.listeners, portsOf(others));
    const node = new GatewayNode(config, options, others);
    node.sockets.beside = true;
    try {
      node.follower = await Follower.open({
        storeFile: place.store.file,
        plan,
        configHash: gateway.hash,
        build: node.build,
        nowMs: wallMs,
        publish: (view) => node.publisher.publish(gateway, view, node.served),
        log: (message) => options.log('warn', message),
      });
      return node;
    } catch (error) {
      await node.close();
      throw error;
    }
  }

  /**
   * Becomes the acting supervisor: ports, store, lease and the rollout.
   * @param lock of the run directory; it is this node's from now on unless this throws
   * @throws CutoverError PORT_TAKEN, LEASE_HELD, STORE_…
   */
  async act(lock: FileLock, beforeStore: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const ports = await lockPorts(this.config.gateway.listeners);
    try {
      await beforeStore();
      this.opened ??= openStore(this.config.node);
      await this.hub.act(this.opened.telemetry, this.opened.lastEventSequence());
      this.steered = await this.openSteering(this.opened);
    } catch (error) {
      await this.hub.standBy();
      ports.release();
      throw error;
    }
    this.office = { lock, ports };
    this.strayTimer = setInterval(() => void this.endStrays(), LIMITS.strayLookMs);
    await this.follower?.close();
    this.follower = null;
  }

  /**
   * Lets go of everything that only the acting supervisor has; the workers serve on, and {@link act} takes it back.
   * What was counted so far is in the store then.
   */
  async standDown(): Promise<void> {
    this.stopLooking();
    await this.keeper?.close();
    this.keeper = null;
    await this.workers.report(LIMITS.handOverReportMs);
    await this.hub.flush();
    const steering = this.steered;
    this.steered = null;
    this.config = steering?.config ?? this.config;
    await steering?.close();
    // Until the lock is free nobody else numbers events: the last ones of this supervisor are stored, too.
    await this.hub.standBy();
    this.sockets.look();
    this.office?.ports.release();
    this.office?.lock.release();
    this.office = null;
  }

  /** Configuration and rollout. */
  get steering(): Steering {
    if (this.steered === null) throw notActing();
    return this.steered;
  }

  get store(): SqliteStore {
    if (this.opened === null) throw notActing();
    return this.opened;
  }

  get killSwitch(): KillSwitchKeeper {
    if (this.keeper === null) throw notActing();
    return this.keeper;
  }

  /** Whether this supervisor steers the rollout. */
  get acting(): boolean {
    return this.steered !== null;
  }

  /** Serves, and does not drain. */
  get ready(): boolean {
    const serving = this.workers.alive.some(({ state }) => state === 'serving');
    return this.served && serving && !this.workers.stopping;
  }

  /** Starts the workers, then ends those of an earlier supervisor. @throws CutoverError when nothing can serve */
  async start(): Promise<void> {
    await this.keepKillSwitch();
    if (!canReusePort()) await this.endOrphans();
    await this.workers.start();
    if (canReusePort()) this.succeed();
    await this.publisher.settled();
  }

  /** Starts the workers of a node that does not act yet; resolves when all of them serve. @throws CutoverError */
  async startBeside(): Promise<void> {
    await this.workers.start();
    await this.workers.allServing(LIMITS.handOverServeMs);
    if (!(await this.publisher.settled())) throw notFollowing();
  }

  /** Moves the unix sockets to their paths and commits, in one step. @throws see {@link UnixPaths} */
  takePaths(commit: () => void): void {
    this.sockets.take(this.workers.places[0]?.current?.pid ?? 0, commit);
  }

  /** Where another supervisor has moved its sockets there before it failed, worker 0 is renewed: it binds them again. */
  takePathsBack(): void {
    if (this.sockets.changed) this.workers.places[0]?.renew();
  }

  /** Ends the workers of the supervisor before: those of this one serve. */
  succeed(): void {
    this.orphansGone = this.endOrphans();
  }

  /** Brings the kill switch's file and the rollout in step, from now on. */
  async keepKillSwitch(): Promise<void> {
    this.keeper = this.openKillSwitch();
    await this.keeper.start();
  }

  /** Looks at the kill switch's file now. */
  async lookAtKillSwitch(): Promise<void> {
    await this.keeper?.look();
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
    if (this.acting) killOrphans(this.orphans);
  }

  /** Gives everything back; workers that are left are killed. */
  async close(): Promise<void> {
    this.stopLooking();
    await this.workers.kill();
    this.publisher.stop();
    await this.keeper?.close();
    await this.follower?.close();
    await this.hub.close();
    await this.notifier.close(this.orphansNow.signal.aborted ? 0 : LIMITS.notifyCloseMs);
    await this.steered?.close();
    await this.opened?.close();
    this.office?.ports.release();
    this.office?.lock.release();
  }

  private openSteering(store: SqliteStore): Promise<Steering> {
    return Steering.open({
      ...this.options,
      config: this.config,
      build: this.build,
      state: store.state,
      telemetry: store.telemetry,
      publisher: this.publisher,
      event: (event) => this.hub.event(event),
      legacyServes: () => legacyServes(this.hub.lastWindow, this.steered?.state.sinceMs ?? 0),
    });
  }

  private stopLooking(): void {
    if (this.strayTimer !== null) clearInterval(this.strayTimer);
    this.strayTimer = null;
  }

  /** A worker that nobody steers would go on sending clients to the candidate after a rollback. */
  private async endStrays(): Promise<void> {
    const known = new Set([...this.strays, ...this.orphans.map(({ pid }) => pid)]);
    const strays = await findStrays(this.config.node.runDir, known);
    if (strays.length === 0 || this.strayTimer === null) return;
    for (const { pid } of strays) {
      this.strays.add(pid);
      this.options.log('warn', `worker ${pid} has lost its supervisor: it is drained`);
    }
    await this.endOrphans(strays);
  }

  private endOrphans(orphans = this.orphans): Promise<void> {
    return drainOrphans(orphans, {
      runDir: this.config.node.runDir,
      deadlineMs: this.config.gateway.timeouts.drainMs,
      onDrained: (pid) => this.hub.event({ type: 'orphan_drained', pid }),
      now: this.orphansNow.signal,
    });
  }

  private openHub(): TelemetryHub {
    return new TelemetryHub({
      windowMs: this.config.plan.windowMs,
      onWindow: (window) => this.steered?.learn(window),
      log: this.options.log,
    });
  }

  /** Receivers hear of what this supervisor decided, in the order of its events. */
  private openNotifier(): Notifier {
    const notifier = new Notifier({
      receivers: () => (this.steered?.config ?? this.config).notify,
      node: () => ({ host: hostname(), region: this.config.gateway.nodeRegion, build: this.build }),
      event: (event) => this.hub.event(event),
    });
    this.hub.events.subscribe((event) => notifier.tell(event));
    return notifier;
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
    const { workers, runDir, workerMemoryBytes: memoryBytes } = this.config.node;
    const { listeners } = this.config.gateway;
    return new WorkerSet({
      module: this.options.workerModule,
      workers: canReusePort() ? workers : 1,
      ports: portsAfter(this.orphans, listeners),
      reusePort: canReusePort(),
      beside: () => this.sockets.beside,
      runDir,
      memoryBytes,
      snapshot: () => this.publisher.current,
      log: this.options.log,
      listener: {
        onUp: ({ pid, slot }) => this.hub.event({ type: 'worker_up', pid, slot }),
        onDown: (worker, how, retryInMs) => this.onDown(worker, how, retryInMs),
        onAcknowledged: () => this.publisher.check(),
        onDelta: (_, delta) => this.hub.add(delta),
        onSlow: ({ pid, slot }, loopDelayMs) =>
          this.hub.event({ type: 'worker_slow', pid, slot, loopDelayMs }),
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

function portsOf(workers: readonly WorkerRecord[]): ReadonlySet<number> {
  return new Set(workers.flatMap(({ ports }) => ports));
}
