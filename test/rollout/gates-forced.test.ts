import { expect, test } from 'vitest';
import type { AdvanceCommand, Asked, Command } from '../../src/rollout/command.ts';
import { transition } from '../../src/rollout/transition.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { at, plan } from './fixtures.ts';

const by = { who: 'ana', reason: 'because' } as const;
const evidenceHash = 'e'.repeat(64);
const gate: Asked = { verdict: 'ready', message: 'why', epoch: 1, approval: false, evidenceHash };
const advance = (more: Partial<AdvanceCommand>): AdvanceCommand => ({
  verb: 'advance',
  to: null,
  force: false,
  legacyServes: false,
  gate,
  ...by,
  ...more,
});

function entryOf(state: RolloutState, command: Command) {
  const made = transition(state, command, plan, 9_000);
  if (!made.ok) throw new Error(`${made.code}: ${made.message}`);
  return made.entry;
}

test('what was forced was decided on no evidence, though the gates were asked', () => {
  expect(entryOf(at('shadow'), advance({}))).toMatchObject({ forced: false, evidenceHash });
  expect(entryOf(at('shadow'), advance({ force: true }))).toMatchObject({ forced: true, evidenceHash: null });
  const taken = { ...at('regional', 1), withdrawn: ['us-east'] };
  const again = entryOf(taken, advance({ force: true, region: 'us-east' }));
  expect(again).toMatchObject({ forced: true, evidenceHash: null, region: 'us-east' });
});

test('a rollback by hand was decided on no evidence', () => {
  expect(entryOf(at('canary'), { verb: 'rollback', to: null, ...by })).toMatchObject({
    forced: false,
    evidenceHash: null,
  });
});
