import { expect, test } from 'vitest';
import { advance, rollback } from './controller-kit.ts';
import { Disk, deaths, visit } from './crash-kit.ts';

test('x', async () => {
  const disk = new Disk();
  await visit(disk, { ...advance, to: { phase: 'regional', step: 1 } });
  for (const store of ['sound', 'refuses', 'vanishes'] as const) {
  for await (const d of deaths(disk, { command: rollback, store })) { if (!d.killed) console.log(store, d.points, d.points.length); }
  }
  expect(1).toBe(1);
});
