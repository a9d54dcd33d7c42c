import { compilePlan } from '../../src/config/compile-rollout.ts';
import { configSchema } from '../../src/config/schema.ts';
import type { GatePlan } from '../../src/rollout/gates/plan.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { at } from '../rollout/fixtures.ts';
import { REGION, WINDOW_MS } from './windows.ts';
import type { World } from './worlds.ts';

/** What a simulated rollout is made of. */
export interface Setting {
  readonly phase: 'shadow' | 'canary' | 'regional';
  readonly plan: GatePlan;
  readonly world: World;
  /** Another truth from a window on. */
  readonly later?: { readonly after: number; readonly world: World };
  /** Pairs of the window, by direction. */
  readonly pairs: (window: number) => { readonly shadow: number; readonly reverse: number };
  /** Windows until nobody looks any more. */
  readonly horizon: number;
  /** What ends a run besides the horizon; `proof`: ready, though there may have been an abort before. */
  readonly ends: 'ready' | 'abort' | 'either' | 'proof';
  /** The line of one metric instead of the verdict of the gate. */
  readonly metric?: 'errorRate' | 'differences' | 'tail';
}

type Rollout = Readonly<Record<string, unknown>>;

/** What the schema makes of a configuration that says nothing but this about the rollout: the shipped defaults. */
export function shippedPlan(rollout: Rollout = {}): GatePlan {
  const config = configSchema.parse({
    listen: [{ address: '127.0.0.1:0', region: REGION }],
    legacy: { servers: ['http://127.0.0.1:1'] },
    candidate: { servers: ['http://127.0.0.1:2'] },
    rollout: { regional: { steps: [{ region: REGION, share: '50%' }] }, ...rollout },
  });
  return compilePlan(config, { folder: '/', environment: {} });
}

/** The rollout as it stands at a phase that began at 0. */
export function stateIn(phase: Setting['phase']): RolloutState {
  return { ...at(phase), shares: {}, sinceMs: 0, epochSinceMs: 0 };
}

/** Windows of a phase until the plan calls it inconclusive. */
export function longest(phase: Setting['phase'], plan: GatePlan): number {
  return Math.floor(plan[phase].maxDurationMs / WINDOW_MS);
}

/** As many pairs in every window, in the directions that the phase has. */
export function steady(phase: Setting['phase'], pairs: number, reverse = pairs): Setting['pairs'] {
  const each = { shadow: pairs, reverse: phase === 'shadow' ? 0 : reverse };
  return () => each;
}
