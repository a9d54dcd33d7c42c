import type { ApplyResult, OperatorCommand } from '../../src/rollout/controller-types.ts';
import { RELIEF_TICKS } from './invariants.ts';
import type { Supervisor } from './supervisor.ts';

interface Relief {
  readonly what: string;
  readonly sinceMs: number;
  /** The revision that every worker must have reached; null: not answered yet. */
  revision: number | null;
}

/** Rollbacks and kill switches of one process that have to be in effect on every worker in time. */
export class Reliefs {
  /** The longest that one took, milliseconds. */
  slowestMs = 0;
  private readonly supervisor: Supervisor;
  private open: Relief[] = [];

  constructor(supervisor: Supervisor) {
    this.supervisor = supervisor;
  }

  /** Sees a command through; one that only takes clients away has a deadline from now on. */
  async watch(command: OperatorCommand, carryOut: () => Promise<ApplyResult>): Promise<ApplyResult> {
    const { verb, who } = command;
    if (verb !== 'rollback' && verb !== 'bypass') return await carryOut();
    const { world, publisher } = this.supervisor;
    const relief: Relief = { what: `the ${verb} of ${who}`, sinceMs: world.time.elapsedMs, revision: null };
    this.open.push(relief);
    const result = await carryOut();
    // What was refused need not take effect; whoever leads now has it in hand.
    if (!result.ok || !result.changed) this.drop(relief);
    else relief.revision = publisher.current.revision;
    this.look();
    return result;
  }

  look(): void {
    const { world, workers, alive } = this.supervisor;
    if (!alive) return;
    const now = world.time.elapsedMs;
    for (const relief of this.open) {
      const { revision, what, sinceMs } = relief;
      const serving = workers.filter(({ state }) => state !== 'starting');
      const behind = serving.filter((worker) => revision === null || worker.snapshot.revision < revision);
      if (revision !== null && behind.length === 0) {
        this.slowestMs = Math.max(this.slowestMs, now - sinceMs);
        this.drop(relief);
      } else if (now - sinceMs > RELIEF_TICKS * 1_000) {
        const where = revision === null ? 'is not even decided' : `is not in effect on ${behind.map(({ pid }) => pid).join()}`;
        world.fail('relief-in-time', `${what} ${where} after ${RELIEF_TICKS} s`);
      }
    }
  }

  private drop(relief: Relief): void {
    this.open = this.open.filter((each) => each !== relief);
  }
}
