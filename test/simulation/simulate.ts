import { decodeEntry, decodeState, ROLLOUT_KEY } from '../../src/rollout/codec.ts';
import { HISTORY_PREFIX } from '../../src/rollout/history.ts';
import { Audit } from './audit.ts';
import { memoryBacking, sqliteBacking } from './backing.ts';
import { Chaos } from './chaos.ts';
import { Operators } from './operators.ts';
import { Place } from './place.ts';
import type { Shared } from './place.ts';
import { Shelf } from './shelf.ts';
import { World } from './world.ts';
import type { Failure, Plant, Tally } from './world.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** Gets every line of the trace. */
  readonly trace?: ((line: string) => void) | null;
  readonly plant?: Plant | null;
}

/** What came out of one seed. */
export interface Outcome {
  readonly seed: number;
  readonly failure: Failure | null;
  readonly tally: Tally;
  /** Timers that fired: the steps after each of which everything was looked at. */
  readonly steps: number;
  /** The longest that a rollback took to be in effect, milliseconds of virtual time. */
  readonly slowestReliefMs: number;
}

/** Seconds of virtual time in which there are faults, and in which everything has to come right again. */
const STORM_S = 240;
const CALM_S = 60;

/** Of so many seeds one runs on the SQLite store itself. */
const SQLITE_EVERY = 20;

/** Runs one seed. The same seed does the same, byte for byte. @returns what came out; it does not throw for a violation */
export async function simulate({ seed, trace = null, plant = null }: SimulationOptions): Promise<Outcome> {
  const world = new World(seed, plant, trace);
  const uninstall = world.time.install();
  const sqlite = seed % SQLITE_EVERY === 0;
  const backing = sqlite ? sqliteBacking(world.time) : memoryBacking(world.time);
  world.folder = backing.folder;
  try {
    const run = new Simulation(world, backing);
    await run.run();
    return {
      seed,
      failure: world.failure,
      tally: world.tally,
      steps: world.time.steps,
      slowestReliefMs: run.slowestReliefMs,
    };
  } finally {
    backing.remove();
    uninstall();
  }
}

class Simulation {
  slowestReliefMs = 0;
  private readonly world: World;
  private readonly shared: Shared;
  private readonly places: readonly [Place, Place];
  private readonly chaos: Chaos;
  private readonly operators: Operators;
  private restartS = 0;

  constructor(world: World, backing: Shared['backing']) {
    let ids = 0;
    let pids = 100;
    this.world = world;
    this.shared = {
      audit: new Audit(world),
      shelf: new Shelf(world),
      backing,
      newId: () => `decision-${(ids += 1)}`,
      newPid: () => (pids += 1),
    };
    this.places = [new Place('alpha', world, this.shared), new Place('beta', world, this.shared)];
    this.operators = new Operators(world, this.shared);
    this.chaos = new Chaos(world, this.places, (wish) => (this.operators.urged = wish));
  }

  async run(): Promise<void> {
    const { world } = this;
    for (let second = 1; second <= STORM_S + CALM_S && world.failure === null; second += 1) {
      if (second === STORM_S) this.calm();
      this.tick(second);
      await world.time.settle();
      this.look();
      await world.time.runUntil(second * 1_000, () => this.look());
    }
    if (world.failure === null) await this.recovered();
    for (const { supervisor } of this.places) supervisor?.kill('the end');
    await world.time.settle();
  }

  /** One second of life. */
  private tick(second: number): void {
    const { places, chaos } = this;
    if (second < STORM_S) {
      chaos.tick(second);
      const before = places[0].disk.variant;
      this.operators.tick(second, places[0].supervisor === null ? places[1] : places[0]);
      if (places[0].disk.variant !== before) chaos.candidateChanged();
    }
    this.operators.check();
    this.restart(second);
    for (const place of places) {
      place.serve(chaos);
      place.followSwitch();
    }
    if (second % 20 === 0) for (const { supervisor } of places) supervisor?.counts.look();
    if (second === STORM_S + CALM_S / 3) void places[1].supervisor?.close();
  }

  private restart(second: number): void {
    const [alpha] = this.places;
    if (alpha.supervisor !== null) {
      this.restartS = second + this.world.dice.between(1, 8);
      // One that cannot begin, because its store hangs, is started again by somebody.
      if (alpha.supervisor.steering === null && alpha.supervisor.ageS > 45)
        alpha.supervisor.kill('does not begin');
    } else if (second >= this.restartS || second === 1) {
      this.restartS = second + this.world.dice.between(1, 8);
      void alpha.start();
    }
  }

  private calm(): void {
    this.world.say('chaos', () => 'is over');
    this.chaos.end();
  }

  /** After every step. @returns whether to go on */
  private look(): boolean {
    for (const { supervisor } of this.places) {
      if (supervisor === null) continue;
      supervisor.reliefs.look();
      supervisor.compare();
      this.slowestReliefMs = Math.max(this.slowestReliefMs, supervisor.reliefs.slowestMs);
    }
    return this.world.failure === null;
  }

  private async recovered(): Promise<void> {
    const { world, shared, places } = this;
    const { supervisor } = places[0];
    const { steering } = supervisor ?? { steering: null };
    if (supervisor === null || steering === null) return world.fail('recovers', 'no supervisor acts');
    const { leads, unstored, store, message } = steering.opened.health;
    const well = leads && unstored === 0 && store === 'live' && message === null;
    world.hold('recovers', well, () => `leads ${leads}, unstored ${unstored}, store ${store}, ${message}`);
    const same = steering.state.sequence === shared.audit.newest?.state.sequence;
    world.hold('recovers', same, () => `state ${steering.state.sequence} is in effect, not what is stored`);
    world.hold('recovers', supervisor.publisher.inEffect, () => 'the newest snapshot is not in effect');
    const waits = supervisor.hub.storeTrouble;
    world.hold('recovers', waits === null, () => `windows are not stored: ${waits}`);
    supervisor.counts.look();
    supervisor.counts.isStored();
    await this.isWhole();
    this.operators.check();
  }

  /** The store itself, without weather. */
  private async isWhole(): Promise<void> {
    const base = this.shared.backing.connect();
    const { entries } = await base.state.list(HISTORY_PREFIX);
    const state = await base.state.get(ROLLOUT_KEY);
    await base.close();
    this.shared.audit.isWhole(
      entries.map(({ value }) => decodeEntry(value)),
      state === null ? null : decodeState(state.value),
    );
  }
}
