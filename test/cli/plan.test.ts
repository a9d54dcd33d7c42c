import { afterAll, beforeAll, expect, test } from 'vitest';
import { paintWith } from '../../src/cli/paint.ts';
import { planText } from '../../src/cli/views/plan.ts';
import { buildPlan } from '../../src/report/plan.ts';
import { planSchema } from '../../src/report/plan-schema.ts';
import { startAdminStub, statusWith } from './admin-stub.ts';
import type { AdminStub } from './admin-stub.ts';
import { cli } from './kit.ts';
import { statusSample } from './status-sample.ts';

let admin: AdminStub;
beforeAll(async () => {
  admin = await startAdminStub();
});
afterAll(() => admin.stop());

test('the screen of plan says what moves, how it is undone and what is missing', () => {
  const shares = [
    { region: 'eu-west', desired: 0.05, actual: 0.05, requests: 12_000 },
    { region: 'us-east', desired: 0, actual: 0, requests: 6_000 },
  ];
  expect(planText(buildPlan({ ...statusSample, shares }), paintWith(false))).toMatchInlineSnapshot(`
    "regional/2 -> regional/3
    The candidate answers its share of the users of these regions, each request is copied to legacy.

    REGION     NOW   THEN   CHANGE  PER S  MOVING PER S
    eu-west  5.00%  5.00%        -    200           0.0
    us-east  0.00%  5.00%  +5.00pp    100           5.0

    Moves       5.0 of 200 requests/s
    Reversible  yes: cutover rollback --to regional/2 --reason TEXT
    Gates       ◌ HOLD  error rate (shadow, eu-west): not proven yet
    Coverage    reads 90.00% by pairs, writes 10.00% unproven
    Advance     would be refused: error rate (shadow, eu-west): not proven yet (exit 4)
                wait for it: cutover wait --for ready; or decide without: cutover advance --force --reason TEXT

    Still missing, complete in ~24 h:
      error rate (shadow, eu-west)  not proven to be within 0.1 pp (6 against 4 in 12,000 pairs), ready in about 4m
      dwell                         28m of 24h in this phase, ready in ~24 h
    "
  `);
});

test('plan ends with 0 whatever advance would answer', async () => {
  for (const verdict of ['ready', 'hold', 'abort', 'invalid'] as const) {
    admin.answers.status = statusWith({ verdict });
    const { exitCode, out, err } = await admin.verb('plan --json');
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    const plan = planSchema.parse(JSON.parse(out));
    expect(plan.allowed).toBe(verdict === 'ready');
  }
});

test.each([
  ['hold', {}, 'GATE_HOLD', 4],
  ['abort', {}, 'GATE_ABORT', 3],
  ['invalid', {}, 'GATE_INVALID', 7],
  ['ready', { paused: true }, 'PAUSED', 5],
  ['ready', { bypass: true }, 'BYPASSED', 5],
  ['ready', { withdrawn: ['eu-west'] }, 'REGION_WITHDRAWN', 5],
  ['ready', { phase: 'retired' as const, step: 0 }, 'AT_END', 5],
])('plan says how advance would refuse: %s %j is %s', (verdict, rollout, code, exitCode) => {
  const { allowed, refusal } = buildPlan(statusWith({ verdict: verdict as 'hold' }, rollout));
  expect({ allowed, refusal }).toMatchObject({ allowed: false, refusal: { code, exitCode } });
});

test('plan names the command that takes the step back', () => {
  expect(buildPlan(statusWith({ verdict: 'ready' })).undo).toBe(
    'cutover rollback --to regional/2 --reason TEXT',
  );
  expect(buildPlan(statusWith({}, { phase: 'retired', step: 0 })).undo).toBeNull();
});

test('plan names no place for the way back that would raise a share', () => {
  const steps = [0.5, 0.05].map((share, step) => ({
    phase: 'regional' as const,
    step,
    region: 'eu-west',
    share,
  }));
  const ladder = [{ phase: 'shadow' as const, step: 0, region: null, share: null }, ...steps];
  expect(buildPlan(statusWith({}, { step: 0, steps: 2, ladder }))).toMatchObject({
    to: { phase: 'regional', step: 1 },
    undo: 'cutover rollback --reason TEXT',
  });
});

test('plan counts the requests that move by the shares of their regions', () => {
  const shares = [
    { region: 'eu-west', desired: 0.05, actual: 0.05, requests: 12_000 },
    { region: 'us-east', desired: 0, actual: 0, requests: 6_000 },
  ];
  const plan = buildPlan({ ...statusWith({}, { phase: 'regional', step: 2 }), shares });
  expect(plan.to).toEqual({ phase: 'enforce', step: 0 });
  // One minute was observed: 200 and 100 requests a second, of which 95 % and all go over.
  expect(plan.shares.map(({ after, perSecond, moving }) => [after, perSecond, moving])).toEqual([
    [1, 200, 190],
    [1, 100, 100],
  ]);
  expect(plan.moving).toBe(290);
});

test('a region that was taken back does not move with the others', () => {
  const status = statusWith({}, { withdrawn: ['us-east'] });
  expect(buildPlan(status).shares).toMatchObject([{ after: 0.05 }, { region: 'us-east', after: 0 }]);
});

test('plan lists what is missing with its wait', () => {
  expect(buildPlan(statusSample).missing).toEqual([
    expect.objectContaining({ name: 'error rate (shadow, eu-west)', etaS: 240 }),
    { name: 'dwell', message: '28m of 24h in this phase', etaS: 84_720 },
  ]);
});

test('plan before the first window divides by nothing', () => {
  const observed = { fromMs: 0, toMs: 0, windows: 0 };
  const plan = planSchema.parse(buildPlan({ ...statusSample, observed }));
  expect(plan.moving).toBe(0);
});

test('plan says that a step waits for the approval of a person', async () => {
  admin.answers.status = statusWith({ verdict: 'ready', approval: true });
  const { out } = await admin.verb('plan');
  expect(out).toContain('this step waits for the approval of a person (exit 5)');
  expect(out).toContain('cutover advance --approve --reason TEXT\n');
});

test('plan without a gateway ends with 6, and interrupted with 130', async () => {
  expect((await cli(['plan', '--admin', '127.0.0.1:1'])).exitCode).toBe(6);
  expect((await admin.verb('plan', { signal: AbortSignal.abort() })).exitCode).toBe(130);
});
