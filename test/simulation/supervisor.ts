import { legacyServes } from '../../src/control/legacy-serves.ts';
import { Publisher } from '../../src/control/publisher.ts';
import { Steering } from '../../src/control/steering.ts';
import { TelemetryHub } from '../../src/control/telemetry-hub.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import type { ApplyResult, OperatorCommand } from '../../src/rollout/controller-types.ts';
import type { GateInput } from '../../src/rollout/gates/decide.ts';
import type { GateReport } from '../../src/rollout/gates/types.ts';
import type { HistoryEntry, RolloutPlan, RolloutState } from '../../src/rollout/state.ts';
import type { CompiledConfig } from '../../src/config/compile.ts';
import type { TelemetryDelta, Window } from '../../src/telemetry/types.ts';
import type { Author } from './audit.ts';
import { configurations } from './configs.ts';
import { Counts } from './counts.ts';
import { StateLink, TelemetryLink } from './links.ts';
import type { Caller, Weather } from './links.ts';
import type { Place } from './place.ts';
import type { CrashPoint } from './points.ts';
import { Reliefs } from './reliefs.ts';
import { SimWorker } from './sim-worker.ts';
import { Snapshots } from './snapshots.ts';
import { Twin } from './twin.ts';
import type { World } from './world.ts';

/** Workers of one place. */
const WORKERS = 2;
const WORKER_START_MS = 300;
const RESPAWN_MS = 700;

/**
 * One supervisor process: the product's steering, publisher and telemetry hub, wired as a node wires them, between
 * simulated workers and a store that it reaches through the weather.
 */
export class Supervisor implements Caller, Author {
  readonly name: string;
  readonly place: Place;
  readonly world: World;
  readonly hub: TelemetryHub;
  readonly publisher: Publisher;
  readonly link: StateLink;
  readonly workers: SimWorker[] = [];
  readonly reliefs: Reliefs;
  readonly counts: Counts;
  readonly twin: Twin;
  alive = true;
  steering: Steering | null = null;
  /** The epoch of the windows that a start has to read, until they are read. */
  unread: number | null = null;
  readonly config: CompiledConfig;
  private readonly telemetry: TelemetryLink;
  private readonly snapshots: Snapshots;
  private readonly base: ReturnType<Place['connect']>;
  private loading: CompiledConfig | null = null;
  private dirty = false;
  /** What the gates said last, and what they said of the newest window. */
  private heard: GateReport | null = null;
  private said: GateReport | null = null;
  private readonly bornMs: number;
  /** The windows were read before the start was over. */
  private readEarly = false;

  constructor(place: Place, number: number) {
    const { world } = place;
    this.place = place;
    this.bornMs = world.time.elapsedMs;
    this.world = world;
    this.name = `${place.name}.${number}`;
    this.config = configurations()[place.disk.variant] as CompiledConfig;
    this.base = place.connect();
    const { audit } = place.shared;
    this.link = new StateLink(world, this, this.base.state, {
      starts: (ops, id) => audit.starts(this, ops, id),
      done: (guards, ops, id, rev) => audit.done(this, { guards, ops, id, rev }),
      acquired: (token) => audit.acquired(token),
    });
    this.twin = new Twin(place.shared.shelf);
    this.telemetry = new TelemetryLink(world, this, this.base.telemetry, this.link, {
      put: (window, outcome) => place.shared.shelf.put(window, outcome),
      read: () => this.recalled(),
    });
    this.snapshots = new Snapshots(world, audit);
    this.reliefs = new Reliefs(this);
    this.counts = new Counts(this);
    this.hub = new TelemetryHub({
      windowMs: this.config.plan.windowMs,
      keeper: this.name,
      onWindow: (window) => this.learn(window),
      log: (level, message) => world.say(this.name, () => `${level}: ${message}`),
    });
    this.publisher = new Publisher({
      send: (snapshot) => this.send(snapshot),
      workers: () => this.workers,
      onInEffect: () => undefined,
      onLate: (revision, missing) =>
        world.say(this.name, () => `snapshot ${revision} is late at ${missing.join()}`),
      onStuck: (_, pids) => this.replace(pids),
    });
  }

  get weather(): Weather {
    return this.place.weather;
  }

  get state(): RolloutState | null {
    return this.steering?.state ?? null;
  }

  /** @throws what the product throws when it cannot start */
  async open(): Promise<void> {
    const { world, place, config, hub, link } = this;
    await hub.act(this.telemetry.port, this.base.lastEventSequence());
    const steering = await Steering.open({
      configFile: 'cutover.yaml',
      config,
      load: () => this.load(),
      build: '1',
      state: link,
      telemetry: this.telemetry.port,
      publisher: this.guarded(),
      event: (event) => hub.event(event),
      legacyServes: () => legacyServes(hub.lastWindow, this.steering?.state.sinceMs ?? 0),
      log: (level, message) => world.say(this.name, () => `${level}: ${message}`),
      controller: {
        holder: place.name,
        random: world.dice,
        newId: () => place.shared.newId(),
        unstoredLog: place.disk.log(this, world.plant?.forgetful ?? false),
      },
    });
    if (!this.alive) return;
    this.steering = steering;
    this.unread = steering.state.epoch;
    if (this.readEarly) this.recalled();
    world.tally.moves.starts += 1;
    this.watch(steering);
    world.plant?.opened?.(this, world);
    await this.startWorkers();
  }

  /** Ends like `kill -9`: nothing it does from now on reaches anybody. */
  kill(why: string): void {
    if (!this.alive) return;
    this.world.say(this.name, () => `dies: ${why}`);
    this.alive = false;
    this.letGo();
  }

  /** Ends in good order. */
  async close(): Promise<void> {
    await this.hub.close();
    await this.steering?.close();
    this.alive = false;
    this.letGo();
  }

  dies(point: CrashPoint): boolean {
    const { world } = this;
    if (!this.alive || world.armed !== point) return false;
    world.armed = null;
    world.tally.points[point] += 1;
    this.kill(point);
    return true;
  }

  async isRobbed(): Promise<boolean> {
    const { world, place } = this;
    const point: CrashPoint = 'lease lost in commit';
    if (!this.alive || world.armed !== point) return false;
    world.armed = null;
    world.tally.points[point] += 1;
    world.say(this.name, () => 'loses its lease within a commit');
    await place.rob(world.dice.between(500, 12_000));
    return true;
  }

  die(why: string): boolean {
    this.kill(why);
    return true;
  }

  planOf(verb: HistoryEntry['verb']): RolloutPlan {
    const config = verb === 'reload' ? this.loading : null;
    return (config ?? this.steering?.config ?? this.config).plan;
  }

  judge(state: RolloutState): GateReport {
    return this.twin.judge(state, this.asked(state));
  }

  /** A worker's report arrives, or is lost on its way. */
  hear(delta: TelemetryDelta, lost: boolean): void {
    if (lost) this.counts.torn = true;
    if (lost) return;
    this.counts.arrived(delta);
    this.hub.add(delta);
  }

  get ageS(): number {
    return (this.world.time.elapsedMs - this.bornMs) / 1_000;
  }

  /** A worker that took nothing takes everything that it was sent. */
  catchUp(worker: SimWorker): void {
    if (this.alive && this.workers.includes(worker) && worker.state !== 'down')
      this.hand(worker, this.publisher.current);
  }

  workerDied(worker: SimWorker, why: string): void {
    const { world } = this;
    if (worker.state === 'down') return;
    world.say(this.name, () => `worker ${worker.pid} is down: ${why}`);
    worker.state = 'down';
    this.workers.splice(this.workers.indexOf(worker), 1);
    this.hub.workerLost(worker.incarnation);
    this.publisher.check();
    world.time.after(RESPAWN_MS, () => this.spawn());
  }

  /** The evidence of the gates and of the twin are the same. */
  compare(): void {
    const { steering, world, dirty } = this;
    if (!dirty || steering === null || !this.alive) return;
    this.dirty = false;
    const { state } = steering;
    const report = this.said?.epoch === state.epoch ? this.said : steering.gates.report();
    this.said = null;
    world.tally.moves.recalls += 1;
    const same =
      report.evidenceHash === this.twin.hash(state, this.asked(state)) && report.epoch === state.epoch;
    world.hold('evidence-exact', same, () => differ(report, this.judge(state)));
    if (state.phase !== 'shadow') this.reliefs.judged(this.judge(state));
  }

  private asked(state: RolloutState): Omit<GateInput, 'state' | 'evidence'> {
    const { plan, gateway } = this.steering?.config ?? this.config;
    const critical = gateway.candidate.routes.filter((route) => route.critical).map(({ name }) => name);
    return { plan, critical, nowMs: this.world.time.wallMs, complete: this.unread !== state.epoch };
  }

  private recalled(): void {
    const { state } = this;
    this.readEarly = state === null;
    if (state === null) return;
    if (this.unread === state.epoch) this.twin.recall(state.epoch);
    this.unread = null;
    this.said = null;
    this.dirty = true;
  }

  private learn(window: Window): void {
    const { steering, world } = this;
    if (!this.alive) return;
    world.tally.moves.windows += 1;
    this.counts.completed(window);
    if (steering === null) return;
    this.twin.learn(window, steering.state.epoch);
    steering.learn(window);
    this.dirty = true;
    this.said = this.heard;
  }

  private load(): { ok: true; config: CompiledConfig; warnings: [] } {
    const config = configurations()[this.place.disk.variant] as CompiledConfig;
    this.loading = config;
    return { ok: true, config, warnings: [] };
  }

  /** A reload is over: what the controller brings in line by itself is the configuration in force. */
  loaded(): void {
    this.loading = null;
  }

  /** Looks at every command on its way to the controller, and at every verdict before anything is done about it. */
  private watch(steering: Steering): void {
    const apply = steering.apply.bind(steering);
    const report = steering.gates.report.bind(steering.gates);
    steering.gates.report = () => (this.heard = report());
    steering.apply = async (command: OperatorCommand): Promise<ApplyResult> => {
      if (command.who === 'gate') this.grounded(command);
      if (command.who === 'gate' && this.dies('verdict, no rollback'))
        return await new Promise(() => undefined);
      return await this.reliefs.watch(command, () => apply(command));
    };
  }

  private grounded(command: OperatorCommand): void {
    const { steering, world } = this;
    if (steering === null || command.verb !== 'rollback') return;
    const report = this.judge(steering.state);
    const same = report.verdict === 'abort' && report.evidenceHash === command.evidenceHash;
    world.say(this.name, () => `the gates abort: ${command.reason}`);
    world.hold(
      'abort-grounded',
      same,
      () => `taken back (${command.reason}) where the gates say ${report.verdict}`,
    );
  }

  /** The publisher, with a crash on either side of it. */
  private guarded(): Publisher {
    const { publisher, world } = this;
    const publish: Publisher['publish'] = (config, view, relief) => {
      const stored = this.place.shared.audit.knows(view);
      const current = (): Snapshot => publisher.current;
      if (!this.alive || this.dies(stored ? 'stored, not published' : 'before relief is published'))
        return current();
      const shown = world.plant?.view === undefined ? view : world.plant.view(view, relief ?? false);
      if (shown === null) return current();
      const snapshot = publisher.publish(config, shown, relief);
      this.dies(stored ? 'stored and published' : 'published, not stored');
      return snapshot;
    };
    return new Proxy(publisher, {
      get: (target, key) => (key === 'publish' ? publish : Reflect.get(target, key)),
    });
  }

  private send(snapshot: Snapshot): void {
    const { world } = this;
    const { rollout } = snapshot;
    world.say(
      this.name,
      () =>
        `publishes ${snapshot.revision}: ${rollout.bypass ? 'bypass' : rollout.phase} epoch ${rollout.epoch} ${JSON.stringify(rollout.shares)}`,
    );
    this.snapshots.look(snapshot);
    for (const worker of this.workers) this.hand(worker, snapshot);
  }

  private hand(worker: SimWorker, snapshot: Snapshot): void {
    const { world } = this;
    worker.sentRevision = snapshot.revision;
    if (worker.mood === 'deaf') return;
    const late = worker.mood === 'late' ? world.dice.between(200, 2_500) : world.dice.between(1, 60);
    world.time.after(late, () => {
      if (worker.state === 'down' || snapshot.revision <= worker.snapshot.revision) return;
      worker.apply(snapshot);
      if (this.alive) this.publisher.check();
    });
  }

  private replace(pids: readonly number[]): void {
    if (!this.alive) return;
    for (const worker of this.workers.filter(({ pid }) => pids.includes(pid))) {
      this.workerDied(worker, 'it did not take a rollback in time');
    }
  }

  private async startWorkers(): Promise<void> {
    for (let index = 0; index < WORKERS; index += 1) this.spawn();
    await this.publisher.settled();
  }

  private spawn(): void {
    if (!this.alive || this.workers.length >= WORKERS) return;
    const worker = new SimWorker(this.world, this.place.shared.newPid(), this.publisher.current);
    this.workers.push(worker);
    this.world.time.after(WORKER_START_MS, () => {
      if (!this.alive || worker.state === 'down') return;
      worker.state = 'serving';
      worker.acknowledgedRevision = worker.snapshot.revision;
      if (this.publisher.current.revision > worker.snapshot.revision)
        this.hand(worker, this.publisher.current);
      this.place.endOrphans();
      this.publisher.check();
    });
  }

  private letGo(): void {
    this.publisher.stop();
    this.place.left(this);
    void this.hub.close();
    void this.steering?.close();
    void this.base.close();
  }
}

function differ(report: GateReport, expected: GateReport): string {
  const tell = ({ epoch, windows, fromMs, toMs, metrics }: GateReport): string =>
    `${windows} windows of epoch ${epoch} (${fromMs} to ${toMs}), ${metrics.map(({ n, plus, minus }) => `${n}/${plus}/${minus}`).join(' ')}`;
  return `the gates look at ${tell(report)}; the twin at ${tell(expected)}`;
}
