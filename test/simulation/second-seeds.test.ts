import { test, vi } from 'vitest';
import { expectEverythingTried, HALF, runSeeds } from './seeds.ts';

vi.setConfig({ testTimeout: 600_000 });

test('no invariant is violated in as many more seeds, whatever fails and dies in them', async () => {
  expectEverythingTried(await runSeeds(1 + HALF, HALF));
});
