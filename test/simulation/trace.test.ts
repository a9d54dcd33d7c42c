import { createHash } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { simulate } from './simulate.ts';

vi.setConfig({ testTimeout: 120_000 });

async function traceOf(seed: number): Promise<{ readonly lines: number; readonly hash: string }> {
  const hash = createHash('sha256');
  let lines = 0;
  await simulate({
    seed,
    trace: (line) => {
      lines += 1;
      hash.update(`${line}\n`);
    },
  });
  return { lines, hash: hash.digest('hex') };
}

// Seed 20 runs on SQLite, in a new file each time.
test.each([3, 20])(
  'seed %i does the same twice, byte for byte, and another one does something else',
  async (seed) => {
    const first = await traceOf(seed);
    expect(first.lines).toBeGreaterThan(100);
    expect(await traceOf(seed)).toEqual(first);
    expect((await traceOf(seed + 1)).hash).not.toBe(first.hash);
  },
);

test('gives the clock and the timers of the process back', async () => {
  const { setTimeout: timer } = globalThis;
  const before = Date.now();
  await simulate({ seed: 1 });
  expect(globalThis.setTimeout).toBe(timer);
  expect(Date.now()).toBeGreaterThanOrEqual(before);
  expect(Date.now()).toBeLessThan(before + 120_000);
});
