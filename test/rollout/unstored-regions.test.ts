import { expect, test } from 'vitest';
import type { Command, RollbackCommand } from '../../src/rollout/command.ts';
import { chain } from '../../src/rollout/history.ts';
import type { Decision } from '../../src/rollout/ledger.ts';
import { rebase } from '../../src/rollout/unstored.ts';
import { transition } from '../../src/rollout/transition.ts';
import { at, inShadow, plan } from './fixtures.ts';

/** What a command makes of what was decided before. */
function decided(before: Decision | null, command: Command, id: string): Decision {
  const made = transition(before?.state ?? null, command, plan, 9_000);
  if (!made.ok || made.entry === null) throw new Error(`nothing came of ${command.verb}`);
  return { id, state: made.state, entry: chain(before?.entry ?? null, made.entry) };
}

const by = { who: 'ana', reason: 'because' } as const;
const { salt, configHash, build } = inShadow;
const started = decided(null, { verb: 'start', salt, configHash, build, ...by }, 'start');
const target = { phase: 'regional', step: 1 } as const;
/** Both regions have a share. */
const second = decided(
  started,
  { verb: 'advance', to: target, force: true, legacyServes: true, ...by },
  'second',
);
/** What somebody else did while the store was out of reach: the epoch moved, the position did not. */
const reloaded = decided(second, { verb: 'reload', configHash: 'c', build, ...by }, 'reload');

/** Takes a decision that was made at {@link second} up again on top of {@link reloaded}. */
function again(command: RollbackCommand) {
  const unstored = [{ command, decision: decided(second, command, 'unstored') }];
  return rebase(unstored, { ...reloaded, rev: 3n }, plan, () => 'again');
}

test('one region that was taken back goes alone, too, when the decision is made again', () => {
  const [made, ...more] = again({ verb: 'rollback', to: null, region: 'us-east', ...by });
  expect(more).toEqual([]);
  expect(made?.command).toMatchObject({ verb: 'rollback', region: 'us-east' });
  expect(made?.decision).toMatchObject({
    id: 'again',
    state: { ...target, withdrawn: ['us-east'], configHash: 'c' },
    entry: { region: 'us-east', from: target, to: target, who: 'ana' },
  });
});

test('a decision of the gates that took effect here stands, though the epoch is another by now', () => {
  const gate = { who: 'gate', reason: 'BREAKER', ifEpoch: second.state.epoch, evidenceHash: 'e'.repeat(64) };
  const [alone] = again({ verb: 'rollback', to: null, region: 'us-east', ...gate });
  expect(alone?.command).not.toHaveProperty('ifEpoch');
  expect(alone?.decision.state).toMatchObject({ ...target, withdrawn: ['us-east'] });
  expect(alone?.decision.entry).toMatchObject({ who: 'gate', evidenceHash: 'e'.repeat(64) });
  const [whole] = again({ verb: 'rollback', to: null, ...gate });
  expect(whole?.decision.state).toMatchObject({ phase: 'regional', step: 0, withdrawn: [] });
});

test('a region that somebody else took back meanwhile is not taken back twice', () => {
  const command: RollbackCommand = { verb: 'rollback', to: null, region: 'us-east', ...by };
  const other = decided(second, { ...command, who: 'ben' }, 'other');
  const unstored = [{ command, decision: decided(second, command, 'unstored') }];
  expect(rebase(unstored, { ...other, rev: 3n }, plan, () => 'again')).toEqual([]);
  expect(at('regional', 1)).toMatchObject(target);
});
