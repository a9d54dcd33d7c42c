import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { overloadResult, overloadWithout } from '../../bench/overload-figures.ts';
import type { FloodFigures, OverloadSample } from '../../bench/overload-figures.ts';
import { overloadTable } from '../../bench/table.ts';
import { startChild } from '../kit/process.ts';

const CLIENT = fileURLToPath(new URL('../../bench/flood-client.ts', import.meta.url));

const FLOOD: FloodFigures = {
  sent: 12_000,
  served: 3_200,
  refused: 8_000,
  busy: 0,
  heldBack: 0,
  errors: 0,
  seconds: 4,
  p50Ms: 90,
  p99Ms: 180,
  cpuSeconds: 1,
};

function sample(patch: Partial<OverloadSample> = {}): OverloadSample {
  return { round: 1, guard: 'on', capacityPerSecond: 1_000, flood: FLOOD, disturbance: 0.1, ...patch };
}

test('figures are medians of the floods that count, over the capacity of their own worker', () => {
  const samples = [
    sample(),
    sample({ round: 2, capacityPerSecond: 1_100 }),
    sample({ round: 3, disturbance: 0.5 }),
    sample({ round: 4, flood: { ...FLOOD, sent: 8_000 } }),
    sample({ guard: 'off', flood: { ...FLOOD, p99Ms: 4_000 } }),
  ];
  const on = overloadResult('on', samples, 0.3);
  expect(on).toMatchObject({ reason: null, processes: 2, dropped: 2, capacityPerSecond: 1_050, p99Ms: 180 });
  expect(on.offered).toBeCloseTo((3 + 3_000 / 1_100) / 2);
  expect(on.served).toBeCloseTo((0.8 + 800 / 1_100) / 2);
  expect(on.refusedShare).toBeCloseTo(8_000 / 11_200);
  expect(overloadResult('off', samples, 0.3).p99Ms).toBe(4_000);
  expect(overloadTable('overload-3x', [on])).toMatch(/overload-3x +on +1,?050 /);
});

test('a flood that was disturbed or too small is no figure, and says why', () => {
  const disturbed = overloadResult('on', [sample({ disturbance: 2 })], 0.3);
  expect(disturbed).toMatchObject({ processes: 0, dropped: 1, reason: 'disturbed by others', served: null });
  const small = overloadResult('on', [sample({ flood: { ...FLOOD, sent: 6_000 } })], 0.3);
  expect(small.reason).toBe('the load could not ask for 2.5 × the capacity');
  expect(overloadWithout('no taskset').map(({ reason }) => reason)).toEqual(['no taskset', 'no taskset']);
});

test('the flood tells the served from the refused, and does not wait with a request for an answer', async () => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    if (asked % 4 === 0) response.setHeader('x-cutover-error', 'overloaded').writeHead(503).end('no');
    else if (asked % 4 === 1) response.setHeader('x-cutover-error', 'upstream_busy').writeHead(503).end('no');
    else setTimeout(() => response.end('ok'), 50);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const job = {
    url: `http://127.0.0.1:${port}/`,
    connections: 60,
    perSecond: 200,
    seconds: 2,
    warmSeconds: 0.5,
  };
  const client = await startChild(process.execPath, [CLIENT, JSON.stringify(job)]);
  onTestFinished(() => client.stop(1));
  expect(await client.exited).toBe(0);
  const figures = JSON.parse(/^figures (\{.*\})$/m.exec(client.stdout())?.[1] ?? '{}') as FloodFigures;
  expect(figures.errors).toBe(0);
  expect(figures.served).toBeGreaterThan(50);
  for (const count of [figures.refused, figures.busy])
    expect(count / (figures.served + figures.refused + figures.busy)).toBeCloseTo(0.25, 1);
  expect(figures.p50Ms).toBeGreaterThanOrEqual(49);
});
