import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PHASES } from '../../src/core/snapshot.ts';
import type { Command } from '../../src/rollout/command.ts';
import { chain, verifyChain } from '../../src/rollout/history.ts';
import { comparePositions, positions } from '../../src/rollout/position.ts';
import type { HistoryEntry, RolloutPlan, RolloutState } from '../../src/rollout/state.ts';
import { transition } from '../../src/rollout/transition.ts';
import { exposureAt, rolloutView, shareOf } from '../../src/rollout/view.ts';
import { plan as seedPlan } from './fixtures.ts';

const REGIONS = ['a', 'b', 'c', 'elsewhere'];
const author = {
  who: fc.constantFrom('ana', 'bo'),
  reason: fc.constantFrom('x', '', ' why ', 'bad\u0000', 'é'),
};
const target = fc.option(
  fc.record(
    { phase: fc.constantFrom(...PHASES), step: fc.integer({ min: -1, max: 5 }) },
    { requiredKeys: ['phase'] },
  ),
);

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      verb: fc.constant('advance' as const),
      to: target,
      force: fc.boolean(),
      legacyServes: fc.boolean(),
      ...author,
    }),
  },
  { weight: 3, arbitrary: fc.record({ verb: fc.constant('rollback' as const), to: target, ...author }) },
  fc.record({
    verb: fc.constantFrom('pause' as const, 'resume' as const, 'bypass' as const, 'bypass_off' as const),
    ...author,
  }),
  fc.record({
    verb: fc.constant('reload' as const),
    configHash: fc.constantFrom('h1', 'h2'),
    build: fc.constantFrom('1', '2'),
    ...author,
  }),
  fc.record({
    verb: fc.constant('start' as const),
    salt: fc.nat(),
    configHash: fc.constant('h1'),
    build: fc.constant('1'),
    ...author,
  }),
);

const plan: fc.Arbitrary<RolloutPlan> = fc
  .array(
    fc.record({ region: fc.constantFrom('a', 'b', 'c'), share: fc.constantFrom(0, 0.01, 0.05, 0.5, 1) }),
    {
      maxLength: 5,
    },
  )
  .map((steps) => ({ ...seedPlan, regional: { steps } }));

/** Every promise that must hold between a state and what a command made of it. */
function check(before: RolloutState | null, after: RolloutState, did: Command, onPlan: RolloutPlan): void {
  expect(after.sequence).toBe((before?.sequence ?? 0) + 1);
  expect(positions(onPlan).some((position) => comparePositions(position, after) === 0)).toBe(true);
  expect(comparePositions(after.lastGood, after)).toBeLessThanOrEqual(0);
  if (before === null) return;
  expect(after.salt).toBe(before.salt);
  const sameConfig = after.configHash === before.configHash && after.build === before.build;
  const moved = comparePositions(before, after) !== 0;
  const regions = [...REGIONS, 'nowhere'];
  const given = (state: RolloutState) => ({ regions: state.shares, rest: exposureAt(state, onPlan).rest });
  const changes = regions.map((region) => shareOf(given(after), region) - shareOf(given(before), region));
  const same = sameConfig && changes.every((change) => change === 0);
  const lifted = before.bypass && !after.bypass;
  expect(after.epoch - before.epoch).toBe(moved || !same || lifted ? 1 : 0);
  // Whatever happens to the plan: shares rise by an advance and by nothing else.
  if (did.verb !== 'advance') expect(Math.max(...changes)).toBeLessThanOrEqual(0);
  for (const region of regions) {
    expect(shareOf(given(after), region), region).toBe(shareOf(exposureAt(after, onPlan), region));
  }
  if (did.verb === 'advance') expect(comparePositions(after, before)).toBeGreaterThan(0);
  else expect(comparePositions(after, before)).toBeLessThanOrEqual(0);
  if (did.verb === 'rollback') {
    const [from, to] = [exposureAt(before, onPlan), exposureAt(after, onPlan)];
    for (const region of REGIONS) {
      expect(shareOf(to, region), region).toBeLessThanOrEqual(shareOf(from, region));
    }
  }
}

test('keeps every promise of the rollout under any sequence of commands', () => {
  fc.assert(
    fc.property(plan, plan, fc.array(command, { minLength: 1, maxLength: 40 }), (first, second, commands) => {
      let state: RolloutState | null = null;
      let onPlan = first;
      const history: HistoryEntry[] = [];
      const start: Command = { verb: 'start', salt: 3, configHash: 'h1', build: '1', who: 'ana', reason: '' };
      for (const next of [start, ...commands]) {
        const given: RolloutPlan = next.verb === 'reload' ? (onPlan === first ? second : first) : onPlan;
        const result = transition(state, next, given, 1_000 + history.length);
        if (!result.ok) {
          expect(result.hint).not.toBe('');
          expect([1, 2, 5]).toContain(result.exitCode);
          continue;
        }
        if (result.entry === null) {
          expect(result.state).toBe(state);
          continue;
        }
        check(state, result.state, next, given);
        history.push(chain(history.at(-1) ?? null, result.entry));
        state = result.state;
        onPlan = given;
      }
      expect(verifyChain(history).intact).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('never raises the candidate in any region by a rollback, from anywhere to anywhere', () => {
  fc.assert(
    fc.property(plan, target, (onPlan, to) => {
      for (const from of positions(onPlan)) {
        const { regions: shares } = exposureAt(from, onPlan);
        const before: RolloutState = { ...shadowState(), ...from, shares };
        const did: Command = { verb: 'rollback', to, who: 'ana', reason: 'x' };
        const result = transition(before, did, onPlan, 0);
        if (result.ok) check(before, result.state, did, onPlan);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('rolls any state back to shadow in as many steps as there are positions, whatever the plan', () => {
  fc.assert(
    fc.property(plan, fc.boolean(), fc.boolean(), (onPlan, paused, bypass) => {
      for (const from of positions(onPlan)) {
        let state: RolloutState = { ...shadowState(), ...from, paused, bypass };
        for (let step = 0; state.phase !== 'shadow'; step += 1) {
          expect(step).toBeLessThan(positions(onPlan).length);
          const result = transition(
            state,
            { verb: 'rollback', to: null, who: 'ana', reason: 'x' },
            onPlan,
            0,
          );
          if (!result.ok) throw new Error(result.message);
          state = result.state;
        }
      }
    }),
  );
});

test('shows workers shares between 0 and 1, and none of the candidate under the kill switch', () => {
  fc.assert(
    fc.property(plan, fc.boolean(), fc.nat(), (onPlan, bypass, pick) => {
      const line = positions(onPlan);
      const position = line[pick % line.length] as (typeof line)[number];
      const view = rolloutView({ ...shadowState(), ...position, bypass }, onPlan, {});
      for (const share of Object.values(view.shares)) expect(share >= 0 && share <= 1).toBe(true);
      const silent = bypass || position.phase === 'retired';
      if (silent) expect(view.sample + view.reverseSample).toBe(0);
      if (bypass) expect([view.canary.length, Object.keys(view.shares).length]).toEqual([0, 0]);
    }),
  );
});

function shadowState(): RolloutState {
  const start: Command = { verb: 'start', salt: 3, configHash: 'h1', build: '1', who: 'ana', reason: '' };
  const made = transition(null, start, seedPlan, 0);
  if (!made.ok) throw new Error(made.message);
  return made.state;
}
