import type { CompiledConfig } from '../../config/compile.ts';
import { CutoverError } from '../../core/errors.ts';
import type { RolloutView } from '../../core/snapshot.ts';
import { Ledger } from '../../rollout/ledger.ts';
import { rolloutView } from '../../rollout/view.ts';
import { EXIT } from '../exit-codes.ts';
import { withGateway } from '../gateway.ts';
import type { Io } from '../io.ts';
import { readStore } from '../offline.ts';
import type { Options } from '../options.ts';

/** What decides about lanes, and where it was read. */
export interface Standing {
  readonly source: 'gateway' | 'configuration';
  readonly view: RolloutView;
  /** Null: no gateway runs. */
  readonly sameConfiguration: boolean | null;
}

/** The rollout of the running gateway; where none runs the first phase of the configuration. */
export async function standingOf(io: Io, options: Options, config: CompiledConfig): Promise<Standing> {
  if (!(await isRunning(io, options))) {
    return { source: 'configuration', view: firstPhase(config), sameConfiguration: null };
  }
  const state = (await readStore(config, (store) => new Ledger(store.state, 'reader').read()))?.state;
  if (state === undefined) {
    return { source: 'configuration', view: firstPhase(config), sameConfiguration: null };
  }
  const sameConfiguration = state.configHash === config.gateway.hash;
  return { source: 'gateway', view: rolloutView(state, config.plan, {}), sameConfiguration };
}

async function isRunning(io: Io, options: Options): Promise<boolean> {
  try {
    await withGateway(io, options, ({ ask }) => ask((client) => client.status()));
    return true;
  } catch (error) {
    if (error instanceof CutoverError && error.exitCode === EXIT.unreachable) return false;
    throw error;
  }
}

function firstPhase({ plan }: CompiledConfig): RolloutView {
  const none = { reverseSample: 0, canary: [], shares: {}, tauUs: {} };
  return { phase: 'shadow', bypass: false, epoch: 0, salt: 0, sample: plan.shadow.sample, ...none };
}
