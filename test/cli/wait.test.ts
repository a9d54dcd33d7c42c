import { afterEach, beforeEach, expect, test } from 'vitest';
import { isMet, parseGoal } from '../../src/cli/goal.ts';
import type { Goal } from '../../src/cli/goal.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import { waitSchema } from '../../src/report/wait-schema.ts';
import { until } from '../kit/until.ts';
import { startAdminStub, statusWith } from './admin-stub.ts';
import type { AdminStub } from './admin-stub.ts';
import { cli, fakeIo } from './kit.ts';

let admin: AdminStub;
beforeEach(async () => {
  admin = await startAdminStub();
});
afterEach(() => admin.stop());

const polls = (count: number): Promise<boolean> => {
  const seen = admin.asked.length;
  return until(() => admin.asked.length >= seen + count, 'further looks');
};

test('wait for ready ends with 0 when the gates become ready, with one line per change', async () => {
  const waiting = admin.verb('wait --for ready --interval 100ms');
  await polls(3);
  admin.answers.status = statusWith({ verdict: 'ready', reason: 'PROVEN', message: 'no worse' });
  const { exitCode, out, err } = await waiting;
  expect(exitCode).toBe(0);
  expect(out).toMatch(/^ready after \d+\w*: regional\/2 {2}✓ READY PROVEN: no worse\n$/);
  expect(err.split('\n').map((line) => line.slice(21))).toEqual([
    'regional/2  ◌ HOLD NOT_PROVEN: error rate (shadow, eu-west): not proven yet',
    'regional/2  ✓ READY PROVEN: no worse',
    '',
  ]);
});

test('numbers that move in a reason are no change', async () => {
  const waiting = admin.verb('wait --for ready --interval 100ms');
  await polls(2);
  admin.answers.status = statusWith({ message: 'ready in about 3m' });
  await polls(2);
  admin.answers.status = statusWith({ verdict: 'ready' });
  expect((await waiting).err.trimEnd().split('\n')).toHaveLength(2);
});

test('wait for ready ends with 3 and the reason as soon as the gates abort', async () => {
  admin.answers.status = statusWith({ verdict: 'abort', reason: 'PROVEN_WORSE', message: 'it is worse' });
  const { exitCode, out, err } = await admin.verb('wait --for ready');
  expect({ exitCode, out }).toEqual({ exitCode: 3, out: '' });
  expect(err).toContain('error: not ready: regional/2  ✗ ABORT PROVEN_WORSE: it is worse\n');
  expect(err).toContain('  hint: what is wrong: cutover differences');
  const json = await admin.verb('wait --for ready --json');
  expect(json.exitCode).toBe(3);
  expect(waitSchema.parse(JSON.parse(json.out))).toMatchObject({
    outcome: 'aborted',
    exitCode: 3,
    last: { verdict: 'abort', message: 'it is worse' },
  });
});

test.each(['hold', 'inconclusive', 'invalid'] as const)(
  'wait for ready goes on while the gates say %s, and ends with 6 when the time is over',
  async (verdict) => {
    admin.answers.status = statusWith({ verdict });
    const { exitCode, out } = await admin.verb('wait --for ready --interval 100ms --timeout 250ms --json');
    expect(exitCode).toBe(6);
    expect(waitSchema.parse(JSON.parse(out))).toMatchObject({
      for: 'ready',
      outcome: 'timed_out',
      exitCode: 6,
      last: { verdict, phase: 'regional', step: 1 },
    });
    expect(admin.asked.length).toBeGreaterThan(1);
  },
);

test('a wait whose time is over names the last state for people', async () => {
  const { exitCode, out, err } = await admin.verb('wait --for phase=canary --interval 100ms --timeout 200ms');
  expect({ exitCode, out }).toEqual({ exitCode: 6, out: '' });
  expect(err).toMatch(/error: not phase=canary within \w+: regional\/2 {2}◌ HOLD NOT_PROVEN: .*\n {2}hint: /);
});

test('wait for a phase or a verdict ends when it is there', async () => {
  admin.answers.status = statusWith({ verdict: 'abort' }, { phase: 'canary', step: 0 });
  for (const goal of ['phase=canary', 'verdict=abort']) {
    expect(await admin.verb(`wait --for ${goal}`), goal).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(new RegExp(`^${goal} after 0s: canary {2}✗ ABORT`)) as string,
    });
  }
});

test('a gateway that restarts meanwhile is waited for', async () => {
  const { io, ran } = fakeIo();
  const waiting = runCli(admin.words('wait --for ready --interval 100ms'), io);
  await polls(1);
  await admin.close();
  admin.answers.status = statusWith({ verdict: 'ready' });
  await until(() => ran.err.includes('no answer'), 'the line that tells of the silence');
  await admin.listen();
  expect(await waiting).toBe(0);
  expect(ran.err.match(/no answer, asked again: no gateway answers/g)).toHaveLength(1);
});

test('a gateway that never answers ends the wait with 6 when the time is over', async () => {
  const { exitCode, out } = await cli(
    'wait --for ready --admin 127.0.0.1:1 --interval 100ms --timeout 150ms --json'.split(' '),
  );
  expect(exitCode).toBe(6);
  expect(waitSchema.parse(JSON.parse(out))).toMatchObject({ outcome: 'timed_out', last: null });
});

test('an answer that is no status ends the wait at once', async () => {
  admin.answers.status = { ...admin.answers.status, product: 'nginx' } as never;
  const { exitCode, err } = await admin.verb('wait --for ready');
  expect(exitCode).toBe(1);
  expect(err).toContain('what answers is no gateway of this build');
});

test('wait ends with 130 when it is interrupted', async () => {
  const interrupt = new AbortController();
  const waiting = admin.verb('wait --for ready --interval 100ms', { signal: interrupt.signal });
  await polls(1);
  interrupt.abort();
  expect(await waiting).toMatchObject({ exitCode: 130, out: '' });
});

test('wait with a goal that does not exist, or none, is a usage error', async () => {
  const unknown = await admin.verb('wait --for phase=production');
  expect(unknown).toMatchObject({ exitCode: 2, out: '' });
  expect(unknown.err).toContain('phase=regional/2');
  expect(await admin.verb('wait')).toMatchObject({ exitCode: 2, out: '' });
  expect(admin.asked).toEqual([]);
});

test('goals are read as they are written', () => {
  const goals = [
    'ready',
    'verdict=abort',
    'verdict=ready',
    'phase=canary',
    'phase=regional',
    'phase=regional/2',
  ];
  for (const text of goals) {
    expect(parseGoal(text)?.text).toBe(text);
  }
  for (const text of [
    '',
    'Ready',
    'phase=',
    'phase=regional/0',
    'verdict=pass',
    'verdict=toString',
    'x=ready',
  ]) {
    expect(parseGoal(text), text).toBeNull();
  }
});

test('a phase without a step is met by each of its steps', () => {
  const met = (goal: string, step: number): boolean =>
    isMet(parseGoal(goal) as Goal, statusWith({}, { phase: 'regional', step }));
  expect([met('phase=regional', 0), met('phase=regional', 2)]).toEqual([true, true]);
  expect([met('phase=regional/2', 1), met('phase=regional/2', 2)]).toEqual([true, false]);
});
