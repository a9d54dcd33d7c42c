import { expect, test } from 'vitest';
import { until } from '../kit/until.ts';
import { gatePlan } from '../rollout/gates-fixtures.ts';
import type { Shown } from '../rollout/gates-fixtures.ts';
import type { GatePlan } from '../../src/rollout/gates/plan.ts';
import type { OperatorCommand } from '../../src/rollout/controller-types.ts';
import { keeper } from './kit/keeper.ts';

const CLEAN: Shown = { error: { n: 500 }, legacy: { requests: 5_000 } };

/** Shadow without a dwell time is left by itself, unless said otherwise. */
function leaving(more: Partial<GatePlan['shadow']> = {}): GatePlan {
  return { ...gatePlan, shadow: { ...gatePlan.shadow, dwellMs: 0, automatic: true, ...more } };
}

/** A keeper whose advances are decided on the gates of that moment, as the supervisor has it. */
async function leader(plan: GatePlan) {
  const made = await keeper(async (node, command) => await node.apply(asked(command)), plan);
  const asked = (command: OperatorCommand): OperatorCommand =>
    command.verb === 'advance' ? { ...command, gate: made.gates.report(), legacyServes: true } : command;
  return made;
}

test('moves on by itself when the gates are ready, as the gate, with the evidence it was decided on', async () => {
  const { controller, gates, show } = await leader(leaving());
  for (let index = 0; index < 7; index += 1) show(index, CLEAN);
  expect(controller.state.phase).toBe('shadow');
  show(7, CLEAN);
  const { evidenceHash } = gates.report();
  await until(() => controller.state.phase === 'canary', 'the advance');
  const { entries } = await controller.history(1);
  expect(entries[0]).toMatchObject({ verb: 'advance', who: 'gate', forced: false, evidenceHash });
  expect(entries[0]?.reason).toMatch(/^PROVEN: /);
});

test('moves one position for one proof, however many windows show it', async () => {
  const plan = { ...leaving(), canary: { ...gatePlan.canary, dwellMs: 0, automatic: true } };
  const { controller, show } = await leader(plan);
  for (let index = 0; index < 12; index += 1) show(index, CLEAN);
  await until(() => controller.state.phase === 'canary', 'the advance');
  for (let index = 12; index < 16; index += 1) show(index, CLEAN);
  expect(controller.state).toMatchObject({ phase: 'canary', epoch: 2 });
});

test('waits for a person where nothing is left by itself, and where one must agree', async () => {
  for (const plan of [leaving({ automatic: false }), leaving({ approval: true })]) {
    const { controller, gates, asked, show } = await leader(plan);
    for (let index = 0; index < 9; index += 1) show(index, CLEAN);
    expect(gates.report().verdict).toBe('ready');
    expect([controller.state.phase, asked]).toEqual(['shadow', []]);
  }
});

test('moves nobody on while the rollout is paused, and goes on when it is resumed', async () => {
  const { controller, asked, show } = await leader(leaving());
  await controller.apply({ verb: 'pause', who: 'ana', reason: '' });
  for (let index = 0; index < 9; index += 1) show(index, CLEAN);
  expect(asked).toEqual([]);
  await controller.apply({ verb: 'resume', who: 'ana', reason: '' });
  show(9, CLEAN);
  await until(() => controller.state.phase === 'canary', 'the advance');
});

test('aborts while it waits for a person to agree', async () => {
  const { gates, show } = await leader(leaving({ approval: true }));
  for (let index = 0; index < 9; index += 1) show(index, CLEAN);
  expect(gates.report().verdict).toBe('ready');
  show(9, { error: { n: 100, plus: 60 } });
  expect(gates.report()).toMatchObject({ verdict: 'abort', reason: 'BREAKER' });
});

test('moves nobody on when what was ready is ready no more at its turn', async () => {
  const plan = leaving();
  const { controller, gates, answers, show } = await keeper(async (node, command) => {
    show(8, { ...CLEAN, error: { n: 500, plus: 40 } });
    const gate = gates.report();
    return await node.apply(command.verb === 'advance' ? { ...command, gate } : command);
  }, plan);
  for (let index = 0; index < 8; index += 1) show(index, CLEAN);
  await until(() => answers.length === 1, 'the answer');
  expect(answers[0]).toMatchObject({ ok: false, code: 'GATE_HOLD' });
  expect(controller.state.phase).toBe('shadow');
});

test('what was taken back is not led on by itself, until somebody did something about it', async () => {
  const plan = leaving();
  const made = await keeper(
    async (node, command) =>
      await node.apply(
        command.verb === 'advance' ? { ...command, gate: made.gates.report(), legacyServes: true } : command,
      ),
    plan,
  );
  const { controller, asked, show } = made;
  for (let index = 0; index < 8; index += 1) show(index, CLEAN);
  await until(() => controller.state.phase === 'canary', 'the advance');
  show(8, { direction: 'reverse', error: { n: 100, plus: 60 } });
  await until(() => controller.state.phase === 'shadow', 'the rollback');
  expect(controller.state.provenFor).toBeNull();
  const before = asked.length;
  for (let index = 9; index < 20; index += 1) show(index, CLEAN);
  expect(made.gates.report().verdict).toBe('ready');
  expect([asked.length, controller.state.phase]).toEqual([before, 'shadow']);
  for (const verb of ['pause', 'resume'] as const) await controller.apply({ verb, who: 'ana', reason: '' });
  show(20, CLEAN);
  await until(() => controller.state.phase === 'canary', 'the second advance');
});
