import { afterAll, beforeAll, expect, test } from 'vitest';
import { gateSchema } from '../../src/control/schema/gate.ts';
import { startAdminStub, statusWith } from './admin-stub.ts';
import type { AdminStub } from './admin-stub.ts';
import { cli } from './kit.ts';

let admin: AdminStub;
beforeAll(async () => {
  admin = await startAdminStub();
});
afterAll(() => admin.stop());

test.each([
  ['ready', 0],
  ['abort', 3],
  ['hold', 4],
  ['inconclusive', 4],
  ['invalid', 7],
] as const)('the exit code of gate is its verdict: %s is %d', async (verdict, exitCode) => {
  admin.answers.status = statusWith({ verdict, message: 'because' });
  const text = await admin.verb('gate');
  expect(text).toMatchObject({ exitCode, err: '' });
  expect(text.out).toMatch(new RegExp(`^\\S ${verdict.toUpperCase()}  because\n`));
  const json = await admin.verb('gate --json');
  expect(json).toMatchObject({ exitCode, err: '' });
  expect(gateSchema.parse(JSON.parse(json.out))).toMatchObject({ exitCode, gate: { verdict } });
});

test('gate without a gateway says how to start it', async () => {
  const { exitCode, out, err } = await cli(['gate', '--admin', '127.0.0.1:1', '--json']);
  expect({ exitCode, out }).toEqual({ exitCode: 6, out: '' });
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'UNREACHABLE' } });
});

test('gate needs no token and no configuration', async () => {
  const before = admin.asked.length;
  await admin.verb('gate');
  expect(admin.asked.slice(before)).toEqual(['/v1/status']);
});

test('gate ends at once when it is interrupted', async () => {
  const { exitCode, out } = await admin.verb('gate', { signal: AbortSignal.abort() });
  expect({ exitCode, out }).toEqual({ exitCode: 130, out: '' });
});
