import { expect, test } from 'vitest';
import type { Asked } from '../../src/rollout/command.ts';
import { advance, by, start } from './controller-kit.ts';
import { MemoryStore } from './memory-store.ts';

const gate = (verdict: Asked['verdict'], epoch: number): Asked => ({
  verdict,
  message: 'why',
  epoch,
  evidenceHash: 'e'.repeat(64),
  approval: false,
});

test('asks the gates when the turn of an advance has come, not when it was put in line', async () => {
  let verdict: Asked['verdict'] = 'ready';
  const { controller } = await start(new MemoryStore(), {
    ask: (command) =>
      command.verb === 'advance' && !command.force
        ? { ...command, gate: gate(verdict, controller.state.epoch) }
        : command,
  });
  const first = controller.apply({ verb: 'pause', ...by });
  const second = controller.apply({ verb: 'resume', ...by });
  const asked = controller.apply({ ...advance, force: false, gate: gate('ready', controller.state.epoch) });
  verdict = 'abort';
  await Promise.all([first, second]);
  expect(await asked).toMatchObject({ ok: false, code: 'GATE_ABORT', exitCode: 3 });
  verdict = 'ready';
  expect(await controller.apply({ ...advance, force: false })).toMatchObject({ ok: true, changed: true });
});
