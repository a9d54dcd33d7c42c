import { expect, test, vi } from 'vitest';
import type { OperatorCommand } from '../../src/rollout/controller-types.ts';
import type { Controller } from '../../src/rollout/controller.ts';
import type { Position, RolloutState } from '../../src/rollout/state.ts';
import { advance, rollback } from './controller-kit.ts';
import { Disk, killAtEveryPoint, onController, runJob } from './crash-kit.ts';
import type { Ended, Task } from './crash-kit.ts';

// Eight seconds in all on an idle machine; processes are slow to start on a busy one.
vi.setConfig({ testTimeout: 120_000 });

/** A command that names no target, so that carrying it out twice would be two steps, and where one step leads. */
interface Step {
  readonly command: OperatorCommand & { readonly verb: 'advance' | 'rollback' };
  readonly from: Position;
  readonly to: Position;
  /** What the command answers, with its target, to somebody who is there already. */
  readonly refusal: string;
}

const FORWARD: Step = {
  command: advance,
  from: { phase: 'shadow', step: 0 },
  to: { phase: 'canary', step: 0 },
  refusal: 'NOT_FORWARD',
};
const BACK: Step = {
  command: rollback,
  from: { phase: 'regional', step: 1 },
  to: { phase: 'regional', step: 0 },
  refusal: 'NOT_BACKWARD',
};

/** A disk on which the rollout stands where the step begins, and that state. */
async function diskBefore({ from }: Step): Promise<{ readonly disk: Disk; readonly before: RolloutState }> {
  const disk = new Disk();
  const before = await onController(disk, async (controller) => {
    if (from.phase !== 'shadow') await controller.apply({ ...advance, to: from });
    return controller.state;
  });
  expect(before).toMatchObject(from);
  return { disk, before };
}

/** The decision is on a disk, the store's or the run directory's, or somebody was told that it is. */
function isBinding({ points }: Ended): boolean {
  return ['after commit', 'after keep', 'acknowledged'].some((point) => points.includes(point));
}

/**
 * Starts the next controller on the disk of a killed one and asserts that the rollout stands where it stood or exactly
 * one step on, as `taken` says, that the audit tells the same, and that asking for the step by name ends there with one
 * entry in all.
 */
async function expectOneStep(step: Step, before: RolloutState, ended: Ended, taken: boolean): Promise<void> {
  const where = `killed ${ended.points.at(-1)}, point ${ended.points.length}`;
  const after = { ...step.to, sequence: before.sequence + 1, epoch: before.epoch + 1 };
  await onController(ended.disk, async (controller) => {
    const resumed = controller.state;
    if (taken) expect(resumed, where).toMatchObject(after);
    else expect(resumed, where).toEqual(before);
    await expectAudit(controller, where);
    expect(controller.health, where).toMatchObject({ leads: true, unstored: 0, store: 'live' });
    const answer = await controller.apply({ ...step.command, to: step.to });
    if (taken) expect(answer, where).toMatchObject({ ok: false, code: step.refusal });
    else expect(answer, where).toMatchObject({ ok: true, changed: true, stored: true });
    if (taken) expect(controller.state, where).toEqual(resumed);
    expect(controller.state, where).toMatchObject(after);
    await expectAudit(controller, where);
  });
  expect(ended.disk.leftOver, where).toBe(false);
}

/** One entry for each number up to the state's, the last of which leads to where the state is. */
async function expectAudit(controller: Controller, where: string): Promise<void> {
  const { intact, total, entries } = await controller.history(100);
  expect({ intact, total }, where).toEqual({ intact: true, total: controller.state.sequence });
  const { phase, step, sequence, epoch } = controller.state;
  expect(entries.at(-1), where).toMatchObject({ sequence, epoch, to: { phase, step } });
}

/** Kills the command at every point. @returns the points, without statements and reads */
async function kill(step: Step, task: Omit<Task, 'command'>): Promise<readonly string[]> {
  const { disk, before } = await diskBefore(step);
  const points = await killAtEveryPoint(disk, { ...task, command: step.command }, (ended) =>
    expectOneStep(step, before, ended, isBinding(ended)),
  );
  return points.filter((point) => !/statement|get/.test(point));
}

/** Kills a rollback when it is acknowledged, and the start after it at every point. @returns all points of the start */
async function killTheStartAfter(store: Task['store']): Promise<readonly string[]> {
  const { disk, before } = await diskBefore(BACK);
  const first = await runJob(disk, { command: BACK.command, store }, 'acknowledged');
  expect(first).toMatchObject({ killed: true, disk: { leftOver: true } });
  return killAtEveryPoint(first.disk, { command: null, store: 'sound' }, (ended) =>
    expectOneStep(BACK, before, ended, true),
  );
}

const END = ['acknowledged', 'before release', 'after release'];

test('an advance killed at any point has happened once or not at all, and takes effect only when it is stored', async () => {
  const points = await kill(FORWARD, { store: 'sound', statements: true });
  expect(points).toEqual(['before commit', 'after commit', 'before publish', 'after publish', ...END]);
});

test('a rollback killed at any point has happened once or not at all, and takes effect before it is stored', async () => {
  const points = await kill(BACK, { store: 'sound' });
  expect(points).toEqual(['before publish', 'after publish', 'before commit', 'after commit', ...END]);
});

test('a rollback that the store refuses outlives a kill from the moment it is kept, before it is acknowledged', async () => {
  const points = await kill(BACK, { store: 'refuses' });
  expect(points).toEqual([
    'before publish',
    'after publish',
    'before commit',
    'before keep',
    'after keep',
    ...END,
  ]);
});

test('a rollback that the store took without saying so is no second step, wherever it is killed', async () => {
  const points = await kill(BACK, { store: 'vanishes' });
  expect(points.slice(2, 4)).toEqual(['before commit', 'after commit']);
  expect(points.slice(-5)).toEqual(['before keep', 'after keep', ...END]);
});

test('a start that takes up a kept rollback and is killed at any point neither loses nor repeats it', async () => {
  const points = await killTheStartAfter('refuses');
  expect(points.length).toBeGreaterThan(10);
  expect(points.indexOf('after commit')).toBeLessThan(points.indexOf('before forget'));
});

test('a start that finds a kept rollback in the store already and is killed at any point does not repeat it', async () => {
  const points = await killTheStartAfter('vanishes');
  expect(points.length).toBeGreaterThan(6);
  expect(points).not.toContain('before commit');
});
