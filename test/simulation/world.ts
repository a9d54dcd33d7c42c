import type { StateStore, TelemetryStore } from '../../src/rollout/ports.ts';
import type { RolloutView } from '../../src/core/snapshot.ts';
import { Dice } from './dice.ts';
import type { Invariant } from './invariants.ts';
import { CRASH_POINT_NAMES, FAULT_NAMES } from './points.ts';
import type { CrashPoint, Fault } from './points.ts';
import type { Supervisor } from './supervisor.ts';
import { VirtualTime } from './time.ts';

/** A broken promise. */
export interface Failure {
  readonly invariant: Invariant | 'defect';
  readonly message: string;
  readonly atS: number;
}

/** How often something happened in a simulation. */
export interface Tally {
  readonly points: Record<CrashPoint, number>;
  readonly faults: Record<Fault, number>;
  /** Advances that the gates let through, forced ones, rollbacks by operators, by the gates, recalls compared. */
  readonly moves: Record<
    'proven' | 'forced' | 'rollbacks' | 'aborts' | 'recalls' | 'starts' | 'windows',
    number
  >;
}

export function emptyTally(): Tally {
  const zero = <K extends string>(names: readonly K[]) =>
    Object.fromEntries(names.map((name) => [name, 0])) as Record<K, number>;
  return {
    points: zero(CRASH_POINT_NAMES),
    faults: zero(FAULT_NAMES),
    moves: zero(['proven', 'forced', 'rollbacks', 'aborts', 'recalls', 'starts', 'windows']),
  };
}

/** One connection to the store that all places share. */
export interface BaseStore {
  readonly state: StateStore;
  readonly telemetry: TelemetryStore;
  lastEventSequence(): number;
  close(): Promise<void>;
}

/** What survives the processes: the store. */
export interface Backing {
  /** Where it is, on this machine; null: nowhere. */
  readonly folder: string | null;
  connect(): BaseStore;
  /** Takes the lease away from whoever has it; `ttlMs` later it is free. @returns the thief's token */
  steal(ttlMs: number): Promise<bigint>;
  /** Gives a stolen lease back: after a clock was set back it would last. */
  release(): Promise<void>;
  remove(): void;
}

/** A bug that is put in by wrapping: the simulation has to find it. */
export interface Plant {
  readonly name: string;
  /** Of these one has to be reported. */
  readonly caughtBy: readonly Invariant[];
  connect?(base: BaseStore, world: World): BaseStore;
  opened?(supervisor: Supervisor, world: World): void;
  view?(view: RolloutView, relief: boolean): RolloutView | null;
  /** The disk forgets what was kept. */
  readonly forgetful?: boolean;
}

/** Time, chance, and what is known about everything that happens, of one simulation. */
export class World {
  readonly seed: number;
  readonly time = new VirtualTime();
  readonly dice: Dice;
  readonly tally = emptyTally();
  readonly plant: Plant | null;
  failure: Failure | null = null;
  /** The next process that comes here dies. */
  armed: CrashPoint | null = null;
  /** All faults are over. */
  calm = false;
  /** The one thing of a trace that another run has elsewhere. */
  folder: string | null = null;
  private readonly tell: ((line: string) => void) | null;

  constructor(seed: number, plant: Plant | null, tell: ((line: string) => void) | null) {
    this.seed = seed;
    this.dice = new Dice(seed);
    this.plant = plant;
    this.tell = tell;
  }

  /** One line of the trace; made only when somebody reads it. */
  say(actor: string, text: () => string): void {
    if (this.tell === null) return;
    const seconds = (this.time.elapsedMs / 1_000).toFixed(3).padStart(8);
    const line = `${seconds} ${actor.padEnd(10)} ${text()}`;
    this.tell(this.folder === null ? line : line.replaceAll(this.folder, 'FOLDER'));
  }

  /** Keeps the first violation: what follows is its consequence. */
  fail(invariant: Failure['invariant'], message: string): void {
    if (this.failure !== null) return;
    this.failure = { invariant, message, atS: this.time.elapsedMs / 1_000 };
    this.say('check', () => `VIOLATED ${invariant}: ${message}`);
  }

  hold(invariant: Invariant, holds: boolean, message: () => string): void {
    if (!holds) this.fail(invariant, message());
  }

  struck(fault: Fault): void {
    this.tally.faults[fault] += 1;
  }
}
