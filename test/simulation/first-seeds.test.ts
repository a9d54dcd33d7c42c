import { test, vi } from 'vitest';
import { expectEverythingTried, HALF, runSeeds } from './seeds.ts';

// Half a minute on an idle machine.
vi.setConfig({ testTimeout: 600_000 });

test('no invariant is violated in a hundred and twenty seeds, whatever fails and dies in them', async () => {
  expectEverythingTried(await runSeeds(1, HALF));
});
