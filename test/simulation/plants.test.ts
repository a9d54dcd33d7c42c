import { expect, test, vi } from 'vitest';
import { PLANTS } from './plants.ts';
import { simulate } from './simulate.ts';
import type { Outcome } from './simulate.ts';
import { replayOf } from './tally.ts';

vi.setConfig({ testTimeout: 600_000 });

/** Each planted bug is found within so many seeds. */
const SEEDS = 60;

async function firstFailure(plant: (typeof PLANTS)[number]): Promise<Outcome | null> {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const outcome = await simulate({ seed, plant });
    if (outcome.failure !== null) return outcome;
  }
  return null;
}

test.each(PLANTS)(`finds within ${SEEDS} seeds: $name`, async (plant) => {
  const found = await firstFailure(plant);
  expect(plant.caughtBy).toContain(found?.failure?.invariant);
  expect(found === null ? '' : replayOf(found)).toContain(
    `npm run simulate -- --seed ${found?.seed} --trace`,
  );
});
