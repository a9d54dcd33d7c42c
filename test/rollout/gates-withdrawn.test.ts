import { expect, test } from 'vitest';
import type { AdvanceCommand } from '../../src/rollout/command.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { exposureAt, rolloutView, shareOf } from '../../src/rollout/view.ts';
import { at, plan } from './fixtures.ts';
import { advance, done, refused, rollback } from './transition-kit.ts';

const forced = (more: Partial<AdvanceCommand> = {}) => advance({ force: true, ...more });

/** Takes one region back where the rollout stands. */
const without = (state: RolloutState, region: string) => done(state, rollback({ region })).state;
const sharesOf = (state: RolloutState) => rolloutView(state, plan, {}).shares;

test('a region that was taken back in enforce stays back, and the others keep everything', () => {
  const state = without(at('enforce'), 'us-east');
  expect(state).toMatchObject({ phase: 'enforce', withdrawn: ['us-east'] });
  expect(sharesOf(state)).toEqual({ 'eu-west': 1, 'us-east': 0 });
});

test('a region that was taken back before stays back when somebody forces the way to enforce', () => {
  const { state } = done(without(at('regional', 2), 'us-east'), forced());
  expect(state).toMatchObject({ phase: 'enforce', withdrawn: ['us-east'] });
  expect(shareOf(exposureAt(state, plan), 'us-east')).toBe(0);
});

test('goes back to a target with a region taken back, which gets nothing there either', () => {
  const enforced = without(at('enforce'), 'us-east');
  for (const to of [null, { phase: 'regional', step: 2 }, { phase: 'regional', step: 1 }] as const) {
    const { state } = done(enforced, rollback({ to }));
    expect(state).toMatchObject({ phase: 'regional', withdrawn: ['us-east'] });
    expect(sharesOf(state)).toMatchObject({ 'us-east': 0 });
  }
});

test('no way back gives any region more than it had, whatever was taken back before', () => {
  const starts = [at('regional', 1), at('regional', 2), at('enforce')];
  for (const start of starts.flatMap((each) => [without(each, 'us-east'), without(each, 'eu-west')])) {
    let state = start;
    while (state.phase !== 'shadow') {
      const before = exposureAt(state, plan);
      state = done(state, rollback()).state;
      for (const region of ['eu-west', 'us-east', 'asia']) {
        expect(shareOf(exposureAt(state, plan), region)).toBeLessThanOrEqual(shareOf(before, region));
      }
    }
  }
});

test('goes one step back, and no further, with a region taken back', () => {
  expect(done(without(at('regional', 2), 'eu-west'), rollback()).state).toMatchObject({
    phase: 'regional',
    step: 1,
  });
});

test('takes no region back alone when legacy may be gone', () => {
  expect(refused(at('retired'), rollback({ region: 'eu-west' }))).toMatchObject({
    code: 'NO_SHARE',
    exitCode: 5,
  });
});

test('lets no region in again while the rollout is paused', () => {
  const state = { ...without(at('regional', 1), 'us-east'), paused: true };
  expect(refused(state, forced({ region: 'us-east' }))).toMatchObject({ code: 'PAUSED', exitCode: 5 });
  expect(done({ ...state, paused: false }, forced({ region: 'us-east' })).state.withdrawn).toEqual([]);
});

test('takes a region back while the rollout is paused: nothing holds up a way back', () => {
  const state = without({ ...at('regional', 1), paused: true }, 'us-east');
  expect(state).toMatchObject({ paused: true, withdrawn: ['us-east'] });
});
