import { CutoverError } from '../core/errors.ts';
import { systemRandom } from '../core/random.ts';
import { refuse } from './command.ts';
import type { Command, Refusal } from './command.ts';
import type { ControllerOptions, Wanted } from './controller-types.ts';
import { StoreDownError } from './ledger.ts';
import type { RolloutPlan, RolloutState } from './state.ts';
import { gives } from './view.ts';

/** What only takes clients away from the candidate: it never waits for a store. */
export function isRelief({ verb }: Command): boolean {
  return verb === 'rollback' || verb === 'bypass';
}

/** Throws what people are told of a store that cannot be asked, and every other error as it is. */
export function notReached(error: unknown): never {
  throw error instanceof StoreDownError ? storeDown(error.message, error) : error;
}

/** The store cannot be asked. */
function storeDown(message: string, cause: unknown): CutoverError {
  return new CutoverError('STORE_DOWN', `the store is out of reach: ${message}`, {
    hint: 'see that its file or server is there and writable: cutover doctor',
    cause,
  });
}

/** Another controller acts on this store. */
export function leaseHeld(): CutoverError {
  const message = 'another gateway acts on this database: two of them would undo each other';
  return new CutoverError('LEASE_HELD', message, {
    hint: 'give each its own store: { sqlite: FILE }; was the other one killed? its lease ends within 10 s',
  });
}

export function leaseLost(): Refusal {
  const message = 'this controller does not hold the lease: another one acts, or its lease ran out';
  return refuse(5, 'LEASE_LOST', message, 'repeat the command in a moment; cutover status shows who leads');
}

/** A command that wants the store. @param why what is wrong with it */
export function offlineRefusal(why: string): Refusal {
  const message = `the store is out of reach, so nothing but rollback and bypass is possible: ${why}`;
  const hint = 'repair it (cutover doctor); cutover rollback and bypass still work';
  return refuse(1, 'STORE_DOWN', message, hint);
}

const AUTHOR = 'controller';

/** Starts the rollout, or opens a new epoch, when the store does not know this configuration and build; null: it does. */
export function alignment(
  state: RolloutState | null,
  { configHash, build, configuration }: Wanted,
  plan: RolloutPlan,
  { random, startReason }: Pick<ControllerOptions, 'random' | 'startReason'>,
): Command | null {
  const stored = configuration === undefined ? {} : { configuration };
  if (state === null) {
    const salt = Math.floor((random ?? systemRandom).next() * 4_294_967_296);
    return { verb: 'start', who: AUTHOR, reason: 'first start', salt, configHash, build, ...stored };
  }
  if (state.configHash === configHash && state.build === build && gives(state, plan)) return null;
  const reason = startReason ?? 'started with another configuration or build';
  return { verb: 'reload', who: AUTHOR, reason, configHash, build, ...stored };
}
