import { decodeEntry } from '../../src/rollout/codec.ts';
import { HISTORY_PREFIX } from '../../src/rollout/history.ts';
import type { Audit } from './audit.ts';
import type { Chaos } from './chaos.ts';
import { Disk } from './disk.ts';
import type { Weather } from './links.ts';
import type { Shelf } from './shelf.ts';
import type { SimWorker } from './sim-worker.ts';
import { Supervisor } from './supervisor.ts';
import type { Backing, BaseStore, World } from './world.ts';

/** What all places share. */
export interface Shared {
  readonly audit: Audit;
  readonly shelf: Shelf;
  readonly backing: Backing;
  newId(): string;
  newPid(): number;
}

/** Orphans serve on until the workers of the next supervisor have served for so long. */
const ORPHANS_MS = 500;

/** A machine: its run directory, how it reaches the store, and its supervisor, if one runs. */
export class Place {
  readonly name: string;
  readonly world: World;
  readonly shared: Shared;
  readonly disk = new Disk();
  readonly weather: Weather = { mode: 'fine', commit: null };
  supervisor: Supervisor | null = null;
  orphans: SimWorker[] = [];
  /** Whose command about the kill switch is under way. */
  private switching: Supervisor | null = null;
  private starts = 0;

  constructor(name: string, world: World, shared: Shared) {
    this.name = name;
    this.world = world;
    this.shared = shared;
  }

  connect(): BaseStore {
    const base = this.shared.backing.connect();
    const { plant } = this.world;
    return plant?.connect?.(base, this.world) ?? base;
  }

  /** Somebody else takes the lease for a while. */
  async rob(ttlMs: number): Promise<void> {
    const { backing, audit } = this.shared;
    audit.acquired(await backing.steal(ttlMs));
  }

  /** One second of traffic, and what the workers report of it. */
  serve({ quality, loses }: Chaos): void {
    const { supervisor, disk, world } = this;
    for (const worker of this.orphans) worker.serve(quality, disk.killSwitch);
    for (const worker of supervisor?.workers ?? []) {
      if (worker.state !== 'serving') continue;
      worker.serve(quality, disk.killSwitch);
      worker.silentS -= 1;
      if (worker.silentS > 0) continue;
      const lost = loses && world.dice.chance(0.5);
      for (const delta of worker.report()) supervisor?.hear(delta, lost);
    }
  }

  /** The kill switch's file and the rollout, brought in step as a node does it. */
  followSwitch(): void {
    const { supervisor, disk } = this;
    const { steering } = supervisor ?? { steering: null };
    if (this.switching !== null && this.switching === supervisor) return;
    if (steering === null || steering.state.bypass === disk.killSwitch) return;
    if (!disk.killSwitch) disk.throwSwitch();
    else
      void this.switched(() =>
        steering.apply({ verb: 'bypass', who: 'supervisor', reason: 'the file is there' }),
      );
  }

  /** One change of the kill switch at a time. */
  async switched<T>(work: () => Promise<T>): Promise<T> {
    this.switching = this.supervisor;
    const result = await work();
    this.switching = null;
    return result;
  }

  /** Starts a supervisor; one that cannot start is gone again. */
  async start(): Promise<void> {
    if (this.supervisor !== null) return;
    this.starts += 1;
    const supervisor = new Supervisor(this, this.starts);
    this.supervisor = supervisor;
    try {
      await supervisor.open();
      this.world.say(supervisor.name, () => 'acts');
      await this.lookAtStore();
    } catch (error) {
      this.world.say(supervisor.name, () => `cannot start: ${(error as Error).message}`);
      supervisor.kill('it cannot start');
    }
  }

  /** Whether the store still has everything, past the weather. */
  private async lookAtStore(): Promise<void> {
    const { audit } = this.shared;
    const known = audit.records.length;
    const base = this.connect();
    const { entries } = await base.state.list(HISTORY_PREFIX);
    await base.close();
    audit.isKept(
      known,
      entries.map(({ value }) => decodeEntry(value)),
    );
  }

  /** The process is gone: its workers serve on with their last snapshot. */
  left(supervisor: Supervisor): void {
    if (this.supervisor === supervisor) this.supervisor = null;
    this.orphans.push(...supervisor.workers.filter(({ state }) => state !== 'down'));
  }

  /** The workers of a new supervisor serve: those of the one before are drained. */
  endOrphans(): void {
    const ended = this.orphans;
    this.world.time.after(ORPHANS_MS, () => {
      for (const worker of ended) worker.state = 'down';
      this.orphans = this.orphans.filter((worker) => !ended.includes(worker));
    });
  }
}
