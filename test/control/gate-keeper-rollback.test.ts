import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { until } from '../kit/until.ts';
import { advance, rollback } from '../rollout/controller-kit.ts';
import type { Shown } from '../rollout/gates-fixtures.ts';
import { keeper } from './kit/keeper.ts';

const DIES: Shown = { direction: 'reverse', candidate: { requests: 100, bad: 60 } };

test('a rollback that comes late does not move what somebody moved meanwhile', async () => {
  const { controller, asked, answers, show } = await keeper(async (node, command) => {
    await node.apply({ ...advance, to: { phase: 'enforce' } });
    return await node.apply(command);
  });
  await controller.apply(advance);
  const { epoch } = controller.state;
  show(0, DIES);
  await until(() => answers.length === 1, 'the answer');
  expect(asked[0]).toMatchObject({ verb: 'rollback', ifEpoch: epoch });
  expect(answers[0]).toMatchObject({ ok: false, code: 'MOVED' });
  expect(controller.state.phase).toBe('enforce');
});

test('asks for one rollback at a time, and for the next when that one was answered', async () => {
  const held: (() => void)[] = [];
  const { controller, asked, answers, show } = await keeper(async () => {
    await new Promise<void>((resolve) => held.push(resolve));
    return { ok: false, code: 'LEASE_LOST', message: 'not now', hint: '', exitCode: 5 };
  });
  await controller.apply(advance);
  for (let index = 0; index < 4; index += 1) show(index, DIES);
  expect(asked).toHaveLength(1);
  held[0]?.();
  await until(() => answers.length === 1, 'the answer');
  await until(() => {
    show(4 + asked.length, DIES);
    return asked.length === 2;
  }, 'the next one');
  held[1]?.();
});

test('cuts its reason to what the audit takes', async () => {
  const { controller, asked, show } = await keeper();
  await controller.apply(advance);
  show(0, { ...DIES, region: 'r'.repeat(2 * LIMITS.reasonChars) });
  await until(() => controller.state.phase === 'shadow', 'the rollback');
  expect(asked[0]?.reason).toHaveLength(LIMITS.reasonChars);
});

test('takes back one region alone, by its name, where another one has a share', async () => {
  const { controller, asked, show } = await keeper();
  await controller.apply({ ...advance, to: { phase: 'regional', step: 1 } });
  show(0, { ...DIES, region: 'us-east' });
  await until(() => controller.state.withdrawn.length > 0, 'the rollback');
  expect(controller.state).toMatchObject({ phase: 'regional', step: 1, withdrawn: ['us-east'] });
  expect(asked[0]).toMatchObject({ verb: 'rollback', who: 'gate', region: 'us-east', to: null });
});

test('tells a verdict again when it is one of another epoch', async () => {
  const { controller, events, show } = await keeper();
  show(0, { error: { n: 100 } });
  show(1, { error: { n: 100 } });
  await controller.apply(advance);
  await controller.apply(rollback);
  show(2, { error: { n: 100 } });
  const told = events.flatMap((event) => (event.type === 'gate' ? [[event.reason, event.epoch]] : []));
  expect(told).toEqual([
    ['MIN_PAIRS', 1],
    ['MIN_PAIRS', 3],
  ]);
});

test('knows how often legacy failed, and not how often the candidate did', async () => {
  const { controller, gates, show } = await keeper();
  expect(gates.legacyErrorRate).toBeNull();
  await controller.apply(advance);
  const candidate = { requests: 1_000, bad: 15 };
  show(0, { candidate, legacy: { requests: 1_000, bad: 2 } });
  show(
    1,
    { candidate, legacy: { requests: 1_000, bad: 6 } },
    { region: 'us-east', legacy: { requests: 2_000 } },
  );
  expect(gates.legacyErrorRate).toBe(0.002);
});
