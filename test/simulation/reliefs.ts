import { PHASES } from '../../src/core/snapshot.ts';
import type { RolloutView } from '../../src/core/snapshot.ts';
import type { ApplyResult, OperatorCommand } from '../../src/rollout/controller-types.ts';
import type { GateReport } from '../../src/rollout/gates/types.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { isRaised, sharesAt, sharesOf } from './exposure.ts';
import { RELIEF_TICKS } from './invariants.ts';
import type { Supervisor } from './supervisor.ts';

interface Relief {
  readonly what: string;
  readonly verb: 'rollback' | 'bypass';
  readonly sinceMs: number;
  /** What it led to; null: not answered yet. */
  state: RolloutState | null;
}

/** Why a way back may be refused: nothing is left to take back, or somebody else has it in hand. */
const REFUSALS: ReadonlySet<string> = new Set([
  'AT_START',
  'NOT_BACKWARD',
  'NO_SHARE',
  'NO_SUCH_REGION',
  'LEASE_LOST',
  'MOVED',
  'CLOSED',
]);

/** Rollbacks and kill switches of one process that have to be in effect on every worker in time. */
export class Reliefs {
  /** The longest that one took, milliseconds. */
  slowestMs = 0;
  /** Since when the gates should take something back. */
  private abortSinceMs: number | null = null;
  private readonly supervisor: Supervisor;
  private open: Relief[] = [];

  constructor(supervisor: Supervisor) {
    this.supervisor = supervisor;
  }

  /** Sees a command through; one that only takes clients away has a deadline from now on. */
  async watch(command: OperatorCommand, carryOut: () => Promise<ApplyResult>): Promise<ApplyResult> {
    const { verb, who } = command;
    if (verb !== 'rollback' && verb !== 'bypass') return await carryOut();
    const { world } = this.supervisor;
    const relief: Relief = {
      verb,
      what: `the ${verb} of ${who}`,
      sinceMs: world.time.elapsedMs,
      state: null,
    };
    this.open.push(relief);
    const result = await carryOut();
    // What was refused need not take effect; whoever leads now has it in hand.
    if (!result.ok) {
      const { code } = result;
      world.hold('relief-in-time', REFUSALS.has(code), () => `${relief.what} was refused as ${code}`);
      this.abortSinceMs = null;
    }
    if (!result.ok || !result.changed) this.drop(relief);
    else relief.state = result.state;
    this.look();
    return result;
  }

  /** What windows that the simulation kept itself say of where the rollout stands. */
  judged({ action, message }: GateReport): void {
    const { world } = this.supervisor;
    const now = world.time.elapsedMs;
    this.abortSinceMs = action === null ? null : (this.abortSinceMs ?? now);
    const late = now - (this.abortSinceMs ?? now) > RELIEF_TICKS * 1_000;
    world.hold('relief-in-time', !late, () => `nothing was taken back for ${RELIEF_TICKS} s: ${message}`);
  }

  look(): void {
    const { world, workers, alive } = this.supervisor;
    if (!alive) return;
    const now = world.time.elapsedMs;
    for (const relief of this.open) {
      const { state, what, verb, sinceMs } = relief;
      const serving = workers.filter((worker) => worker.state !== 'starting');
      // A switch that is on already waits for its turn without harm.
      const isOn = (view: RolloutView): boolean => verb === 'bypass' && view.bypass;
      const behind = serving.filter(({ view }) => (state === null ? !isOn(view) : !this.isIn(state, view)));
      if (state !== null && behind.length === 0) {
        this.slowestMs = Math.max(this.slowestMs, now - sinceMs);
        this.drop(relief);
      } else if (behind.length > 0 && now - sinceMs > RELIEF_TICKS * 1_000) {
        const where =
          state === null
            ? 'is not even decided'
            : `is not in effect on ${behind.map(({ pid }) => pid).join()}`;
        world.fail('relief-in-time', `${what} ${where} after ${RELIEF_TICKS} s`);
      }
    }
  }

  /** Whether a worker shows no more than it should, or what somebody decided later. */
  private isIn(state: RolloutState, view: RolloutView): boolean {
    const { newest } = this.supervisor.place.shared.audit;
    // Where the candidate answers nobody, a worker that is slow to hear of it does no harm and is not replaced for it.
    const nobody = view.canary.length === 0 && [...sharesOf(view).values()].every((share) => share === 0);
    if (view.bypass || nobody) return true;
    const lifted = newest !== null && newest.state.sequence > state.sequence && !newest.state.bypass;
    if (state.bypass && !lifted) return false;
    if (view.epoch >= state.epoch) return true;
    const later = PHASES.indexOf(view.phase) > PHASES.indexOf(state.phase);
    return !later && isRaised(sharesAt(state), sharesOf(view)) === null;
  }

  private drop(relief: Relief): void {
    this.open = this.open.filter((each) => each !== relief);
  }
}
