import { expect, test } from 'vitest';
import type { Asked, Command } from '../../src/rollout/command.ts';
import { transition } from '../../src/rollout/transition.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { exposureAt, rolloutView } from '../../src/rollout/view.ts';
import { at, plan } from './fixtures.ts';
import { advance, by, done, refused, rollback } from './transition-kit.ts';

/** Both regions have a share: EU-West 5 %, US-East 50 %. */
const second = at('regional', 1);

test('takes one region back alone: its share is gone, the other keeps its own, a new epoch begins', () => {
  const { state, entry } = done(second, rollback({ region: 'eu-west' }));
  expect(state).toMatchObject({ phase: 'regional', step: 1, withdrawn: ['eu-west'], epoch: 2 });
  expect(rolloutView(state, plan, {}).shares).toEqual({ 'eu-west': 0, 'us-east': 0.5 });
  expect(entry).toMatchObject({ verb: 'rollback', region: 'eu-west', from: { step: 1 }, to: { step: 1 } });
});

test('a region is taken back once', () => {
  const { state } = done(second, rollback({ region: 'eu-west' }));
  expect(transition(state, rollback({ region: 'eu-west' }), plan, 9_000)).toEqual({
    ok: true,
    state,
    entry: null,
  });
});

test('refuses to take back a region that is not in the plan, or has no share', () => {
  expect(refused(second, rollback({ region: 'mars' }))).toMatchObject({
    code: 'NO_SUCH_REGION',
    exitCode: 2,
  });
  expect(refused(at('regional', 0), rollback({ region: 'us-east' }))).toMatchObject({ code: 'NO_SHARE' });
  expect(refused(at('shadow'), rollback({ region: 'eu-west' }))).toMatchObject({ code: 'NO_SHARE' });
});

test('no step back gives a withdrawn region anything, and the last share that goes ends the withdrawal', () => {
  const { state } = done(at('regional', 2), rollback({ region: 'eu-west' }));
  const back = done(state, rollback()).state;
  expect(exposureAt(back, plan).regions['eu-west']).toBe(0);
  expect(done(state, rollback({ to: { phase: 'canary' } })).state.withdrawn).toEqual([]);
});

test('does not go on while a region is taken back, unless somebody forces it', () => {
  const { state } = done(second, rollback({ region: 'eu-west' }));
  const ready: Asked = {
    verdict: 'ready',
    message: '',
    epoch: state.epoch,
    evidenceHash: 'e'.repeat(64),
    approval: false,
  };
  expect(refused(state, advance({ gate: ready }))).toMatchObject({ code: 'REGION_WITHDRAWN', exitCode: 5 });
  const forced = done(state, advance({ force: true })).state;
  expect(exposureAt(forced, plan).regions['eu-west']).toBe(0);
});

test('lets a region in again by force only', () => {
  const { state } = done(second, rollback({ region: 'eu-west' }));
  expect(refused(state, advance({ region: 'eu-west' }))).toMatchObject({ code: 'NO_EVIDENCE', exitCode: 5 });
  expect(refused(state, advance({ region: 'us-east', force: true }))).toMatchObject({
    code: 'NOT_WITHDRAWN',
  });
  const again = done(state, advance({ region: 'eu-west', force: true }));
  expect(again.state).toMatchObject({ withdrawn: [], phase: 'regional', step: 1, epoch: 3 });
  expect(again.entry).toMatchObject({ verb: 'advance', region: 'eu-west', forced: true });
});

const gate = (verdict: Asked['verdict'], epoch = 1): Asked => ({
  verdict,
  message: 'why',
  epoch,
  evidenceHash: 'e'.repeat(64),
  approval: false,
});

test('moves on when the gates are ready, and notes the evidence it was decided on', () => {
  const { state, entry } = done(at('shadow'), advance({ gate: gate('ready'), legacyErrorRate: 0.004 }));
  expect(state).toMatchObject({ phase: 'canary', epoch: 2, legacyErrorRate: 0.004 });
  expect(entry).toMatchObject({ forced: false, evidenceHash: 'e'.repeat(64) });
});

test.for([
  ['hold', 'GATE_HOLD', 4],
  ['inconclusive', 'GATE_INCONCLUSIVE', 4],
  ['abort', 'GATE_ABORT', 3],
  ['invalid', 'GATE_INVALID', 7],
] as const)('refuses to move on when the gates say %s, with code %s', ([verdict, code, exitCode]) => {
  expect(refused(at('shadow'), advance({ gate: gate(verdict) }))).toMatchObject({
    code,
    exitCode,
    message: 'why',
  });
});

test('a verdict counts for the next position and for its own epoch only', () => {
  const far = advance({ gate: gate('ready'), to: { phase: 'enforce' } });
  expect(refused(at('shadow'), far)).toMatchObject({ code: 'NOT_NEXT', exitCode: 5 });
  expect(refused(at('shadow'), advance({ gate: gate('ready', 7) }))).toMatchObject({ code: 'MOVED' });
});

test('a rollback that was decided on evidence does nothing in another epoch', () => {
  expect(refused(at('canary'), rollback({ ifEpoch: 7 }))).toMatchObject({ code: 'MOVED', exitCode: 5 });
  const evidenceHash = 'f'.repeat(64);
  expect(done(at('canary'), rollback({ ifEpoch: 1, evidenceHash })).entry).toMatchObject({ evidenceHash });
});

test('waits for a person where approval is wanted, however ready the gates are', () => {
  const wanted = { ...gate('ready'), approval: true };
  expect(refused(at('regional', 0), advance({ gate: wanted }))).toMatchObject({
    code: 'AWAITING_APPROVAL',
    exitCode: 5,
    hint: 'cutover advance --approve --reason TEXT',
  });
  expect(done(at('regional', 0), advance({ gate: wanted, approve: true })).state.step).toBe(1);
});

test('remembers which configuration and build were proven, and a forced step proves nothing', () => {
  const fresh = { ...at('shadow'), provenFor: null };
  expect(done(fresh, advance({ force: true })).state.provenFor).toBeNull();
  expect(done(fresh, advance({ gate: gate('ready') })).state.provenFor).toBe(
    `${fresh.configHash} ${fresh.build}`,
  );
});

const reload = (configHash = 'b'.repeat(64)): Command => ({
  verb: 'reload',
  configHash,
  build: '0.1.0',
  ...by,
});

function reloaded(state: RolloutState, changed: typeof plan, command = reload()) {
  const made = transition(state, command, changed, 9_000);
  if (!made.ok || made.entry === null) throw new Error('it was not carried out');
  return made.state;
}

test('no reload gives the candidate more of a region: the rollout goes back to where it gives no more', () => {
  const raised = { ...plan, regional: { steps: [{ region: 'eu-west', share: 1 }] } };
  expect(reloaded(at('regional', 0), raised)).toMatchObject({
    phase: 'canary',
    step: 0,
    epoch: 2,
    shares: {},
  });
  const lowered = { ...plan, regional: { steps: [{ region: 'eu-west', share: 0.01 }] } };
  expect(reloaded(at('regional', 0), lowered)).toMatchObject({ phase: 'regional', step: 0 });
});

test('shares that change are a new epoch, though the hash of the configuration leaves steps out', () => {
  const lowered = { ...plan, regional: { steps: [{ region: 'eu-west', share: 0.01 }] } };
  const same = reload(at('shadow').configHash);
  expect(reloaded(at('regional', 0), lowered, same)).toMatchObject({ epoch: 2, shares: { 'eu-west': 0.01 } });
  expect(transition(at('regional', 0), same, plan, 9_000)).toMatchObject({ ok: true, state: { epoch: 1 } });
});

test('a plan without regional steps leaves nothing withdrawn', () => {
  const { state } = done(second, rollback({ region: 'eu-west' }));
  expect(reloaded(state, { ...plan, regional: { steps: [] } })).toMatchObject({
    phase: 'canary',
    withdrawn: [],
  });
});
