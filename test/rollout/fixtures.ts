import { exposureAt } from '../../src/rollout/view.ts';
import type { RolloutPlan, RolloutState } from '../../src/rollout/state.ts';

/** The seed's plan: 5 % of EU-West, all of it, then the US. */
export const plan: RolloutPlan = {
  windowMs: 10_000,
  shadow: { sample: 0.1 },
  canary: { match: [{ header: ['x-canary', 'internal'], cookie: null, host: null, from: ['10.0.0.0/8'] }] },
  regional: {
    steps: [
      { region: 'eu-west', share: 0.05 },
      { region: 'us-east', share: 0.5 },
      { region: 'eu-west', share: 1 },
    ],
  },
  enforce: { reverseSample: 0.01 },
};

/** A rollout that stands in shadow. */
export const inShadow: RolloutState = {
  schemaVersion: 1,
  phase: 'shadow',
  step: 0,
  sequence: 1,
  paused: false,
  bypass: false,
  epoch: 1,
  epochSinceMs: 1_000,
  salt: 42,
  sinceMs: 1_000,
  lastGood: { phase: 'shadow', step: 0 },
  withdrawn: [],
  shares: {},
  provenFor: `${'a'.repeat(64)} 0.1.0`,
  legacyErrorRate: 0,
  configHash: 'a'.repeat(64),
  build: '0.1.0',
};

/** The same rollout at another place. */
export function at(phase: RolloutState['phase'], step = 0): RolloutState {
  return { ...inShadow, phase, step, shares: exposureAt({ phase, step }, plan).regions };
}
