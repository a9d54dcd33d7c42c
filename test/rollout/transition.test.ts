import { expect, test } from 'vitest';
import type { Command, Refusal } from '../../src/rollout/command.ts';
import type { Target } from '../../src/rollout/position.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { transition } from '../../src/rollout/transition.ts';
import { at, inShadow, plan } from './fixtures.ts';

const by = { who: 'ana', reason: 'because' } as const;

function advance(to: Target | null = null, extra: { force?: boolean; legacyServes?: boolean } = {}): Command {
  return { verb: 'advance', to, force: true, legacyServes: false, ...by, ...extra };
}

function rollback(to: Target | null = null): Command {
  return { verb: 'rollback', to, ...by };
}

function done(state: RolloutState | null, command: Command) {
  const result = transition(state, command, plan, 5_000);
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
  return result;
}

function refused(state: RolloutState | null, command: Command): Refusal {
  const result = transition(state, command, plan, 5_000);
  if (result.ok) throw new Error('it was carried out');
  return result;
}

test('starts in shadow, once', () => {
  const start: Command = { verb: 'start', salt: 7, configHash: 'b', build: '1', ...by };
  const { state, entry } = done(null, start);
  expect(state).toMatchObject({ phase: 'shadow', sequence: 1, epoch: 1, salt: 7, sinceMs: 5_000 });
  expect(entry).toMatchObject({ sequence: 1, verb: 'start', from: null, forced: false, evidenceHash: null });
  expect(refused(inShadow, start)).toMatchObject({ code: 'ALREADY_STARTED', exitCode: 5 });
  expect(refused(null, advance())).toMatchObject({ code: 'NOT_STARTED', exitCode: 5 });
});

test('moves one step on with force, in a new epoch, and says from where', () => {
  const { state, entry } = done(at('canary'), advance());
  expect(state).toMatchObject({ phase: 'regional', step: 0, epoch: 2, sequence: 2, sinceMs: 5_000 });
  expect(state.lastGood).toEqual({ phase: 'canary', step: 0 });
  expect(entry).toMatchObject({
    forced: true,
    from: { phase: 'canary', step: 0 },
    to: { phase: 'regional', step: 0 },
    epoch: 2,
    atMs: 5_000,
  });
});

test('refuses to advance without force, and says how', () => {
  const refusal = refused(inShadow, advance(null, { force: false }));
  expect(refusal).toMatchObject({ code: 'NO_EVIDENCE', exitCode: 5 });
  expect(refusal.message).toContain('no gate has evidence');
  expect(refusal.hint).toBe('cutover advance --force --reason TEXT');
});

test('goes forward only when it advances', () => {
  expect(done(inShadow, advance({ phase: 'regional', step: 1 })).state).toMatchObject({ step: 1 });
  expect(refused(at('regional', 1), advance({ phase: 'regional' }))).toMatchObject({ code: 'NOT_FORWARD' });
  expect(refused(inShadow, advance({ phase: 'shadow' })).exitCode).toBe(2);
  expect(refused(inShadow, advance({ phase: 'regional', step: 9 })).code).toBe('NO_SUCH_STEP');
  expect(refused(at('retired'), advance()).code).toBe('AT_END');
});

test('does not advance while paused or under the kill switch', () => {
  expect(refused({ ...inShadow, paused: true }, advance())).toMatchObject({ code: 'PAUSED', exitCode: 5 });
  expect(refused({ ...inShadow, bypass: true }, advance())).toMatchObject({ code: 'BYPASSED', exitCode: 5 });
});

test('never gates a rollback, a pause or the kill switch', () => {
  const held = { ...at('regional', 2), paused: true, bypass: true };
  expect(done(held, rollback()).state).toMatchObject({ phase: 'regional', step: 1, paused: true });
  expect(done({ ...held, bypass: false }, { verb: 'bypass', ...by }).state.bypass).toBe(true);
  expect(done(held, { verb: 'bypass_off', who: 'ana', reason: '' }).state.bypass).toBe(false);
  expect(done(held, { verb: 'resume', ...by }).state.paused).toBe(false);
});

test('keeps the epoch when only a switch was thrown, and begins one when the kill switch is lifted', () => {
  const held = { ...inShadow, paused: true, bypass: true };
  for (const verb of ['pause', 'resume', 'bypass'] as const) {
    const before = verb === 'resume' ? held : inShadow;
    expect(done(before, { verb, ...by }).state).toMatchObject({ epoch: 1, sequence: 2, sinceMs: 1_000 });
  }
  // Nobody was with the candidate meanwhile: that is no dwell.
  const lifted = done(held, { verb: 'bypass_off', ...by }).state;
  expect(lifted).toMatchObject({ epoch: 2, sequence: 2, sinceMs: 1_000 });
  expect(lifted.epochSinceMs).toBeGreaterThan(inShadow.epochSinceMs);
});

test('writes no line for a switch that stands as it is asked to stand', () => {
  const held = { ...inShadow, paused: true, bypass: true };
  for (const verb of ['pause', 'resume', 'bypass', 'bypass_off'] as const) {
    const before = verb === 'pause' || verb === 'bypass' ? held : inShadow;
    expect(done(before, { verb, ...by })).toEqual({ ok: true, state: before, entry: null });
  }
});

test('rolls back one step or phase, or to a target behind', () => {
  expect(done(at('enforce'), rollback()).state).toMatchObject({ phase: 'regional', step: 2, epoch: 2 });
  expect(done(at('regional', 0), rollback()).state).toMatchObject({ phase: 'canary' });
  expect(done(at('enforce'), rollback({ phase: 'shadow' })).state).toMatchObject({ phase: 'shadow' });
  expect(done(at('retired'), rollback()).state).toMatchObject({ phase: 'enforce' });
});

test('refuses to roll back forward, nowhere, or out of shadow', () => {
  expect(refused(at('canary'), rollback({ phase: 'enforce' }))).toMatchObject({
    code: 'NOT_BACKWARD',
    exitCode: 2,
  });
  expect(refused(at('canary'), rollback({ phase: 'canary' })).code).toBe('NOT_BACKWARD');
  expect(refused(at('canary'), rollback({ phase: 'regional', step: 3 })).code).toBe('NO_SUCH_STEP');
  expect(refused(inShadow, rollback())).toMatchObject({ code: 'AT_START', exitCode: 5 });
});

test('skips a step back that would show more of the candidate, and refuses it as a target', () => {
  const falling = {
    ...plan,
    regional: {
      steps: [
        { region: 'a', share: 0.9 },
        { region: 'a', share: 0.1 },
      ],
    },
  };
  expect(transition(at('regional', 1), rollback(), falling, 0)).toMatchObject({ state: { phase: 'canary' } });
  const target = rollback({ phase: 'regional', step: 0 });
  expect(transition(at('regional', 1), target, falling, 0)).toMatchObject({ code: 'RAISES_SHARE' });
});

test('retires from enforce only, and only when legacy answers nobody', () => {
  const retire = advance({ phase: 'retired' });
  expect(done(at('enforce'), retire).state.phase).toBe('retired');
  expect(done(at('enforce'), advance()).state.phase).toBe('retired');
  expect(refused(at('regional', 2), retire)).toMatchObject({ code: 'NOT_ENFORCED', exitCode: 5 });
  const serving = advance({ phase: 'retired' }, { legacyServes: true });
  expect(refused(at('enforce'), serving)).toMatchObject({ code: 'LEGACY_SERVES', exitCode: 5 });
});

test('opens an epoch for another configuration or build, and for nothing else', () => {
  const reload = { verb: 'reload', configHash: inShadow.configHash, build: '0.1.0', ...by } as const;
  expect(done(inShadow, reload).state).toMatchObject({ epoch: 1, sequence: 2 });
  expect(done(inShadow, { ...reload, build: '0.2.0' }).state).toMatchObject({ epoch: 2, build: '0.2.0' });
  expect(done(inShadow, { ...reload, configHash: 'c' }).state).toMatchObject({ epoch: 2, configHash: 'c' });
});

test('stays inside a plan that lost the step it stood on', () => {
  const reload: Command = { verb: 'reload', configHash: 'c', build: '0.1.0', ...by };
  const shorter = { ...plan, regional: { steps: [{ region: 'eu-west', share: 0.05 }] } };
  expect(transition(at('regional', 2), reload, shorter, 9_000)).toMatchObject({
    state: { phase: 'regional', step: 0, sinceMs: 9_000, lastGood: { phase: 'canary', step: 0 } },
    entry: { from: { phase: 'regional', step: 2 }, to: { phase: 'regional', step: 0 } },
  });
});

test('keeps the reason of the audit readable', () => {
  const said = (reason: string, who = 'ana'): Command => ({ ...advance(), reason, who });
  expect(done(inShadow, said('  staging is quiet \t')).entry?.reason).toBe('staging is quiet');
  expect(refused(inShadow, said('   '))).toMatchObject({ code: 'REASON_MISSING', exitCode: 2 });
  expect(refused(at('canary'), { ...rollback(), reason: '' }).code).toBe('REASON_MISSING');
  for (const reason of ['a\nb', 'a\u001b[31mb', 'a\u202eb', 'a\u2028b', 'a\ud800b', 'x'.repeat(501)]) {
    expect(refused(inShadow, said(reason)), JSON.stringify(reason)).toMatchObject({
      code: 'BAD_REASON',
      exitCode: 2,
    });
  }
  for (const who of ['', ' ', 'a\u0000', 'x'.repeat(129)]) {
    expect(refused(inShadow, said('ok', who)).code).toBe('BAD_AUTHOR');
  }
  expect(done(inShadow, said('Größe 10 % – täglich 🚦')).entry?.reason).toContain('🚦');
});
