import type { RolloutState } from '../state.ts';
import { exposureAt, shareOf } from '../view.ts';
import type { Evidence } from './evidence.ts';
import type { GatePlan } from './plan.ts';
import type { MetricLine } from './types.ts';
import { windowTest } from './window-tests.ts';

/**
 * Where it was that a line failed: its own region, or the only one of all whose own windows show the same. Null: more
 * than one does, none does by itself, or it is one that no step names, so that it cannot be taken back alone.
 */
export function blamedRegion(
  line: MetricLine,
  state: RolloutState,
  plan: GatePlan,
  { tests, pairs }: Pick<Evidence, 'tests' | 'pairs'>,
): string | null {
  const { direction, metric, needAbort, needAlarm } = line;
  if (line.region !== null || direction === null) return line.region;
  const exposure = exposureAt(state, plan);
  const shown = new Set(pairs.filter((tally) => tally.direction === direction).map(({ region }) => region));
  const guilty = [...shown].filter((region) => {
    const { worse, lately } = windowTest(tests, metric, { direction, region });
    return shareOf(exposure, region) > 0 && (worse >= needAbort || lately >= needAlarm);
  });
  const [first = null, ...more] = guilty;
  return more.length === 0 && plan.regional.steps.some(({ region }) => region === first) ? first : null;
}
