import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hash32 } from '../../src/core/hash.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { CohortCounter } from '../../src/telemetry/cohort-counter.ts';
import { mergeCohorts } from '../../src/telemetry/cohort-merge.ts';
import type { WindowCohorts } from '../../src/telemetry/cohort-types.ts';
import { SampleBuffer } from '../../src/telemetry/sample-buffer.ts';

const NOBODY = { scopes: [], entries: new Uint32Array(0), lost: 0 };

/** Every third user is in the sample. */
const isChosen = (user: number): boolean => user % 3 === 0;

function note(buffer: SampleBuffer, user: number): void {
  buffer.note(hash32(`user-${user}`, 1), hash32(`user-${user}`, 2), isChosen(user));
}

function counted(counter: CohortCounter, buffer: SampleBuffer, epoch = 1): WindowCohorts | undefined {
  const sampled = buffer.take();
  return counter.count(epoch, sampled && { ...NOBODY, sampled });
}

test('each user of the sample counts once, over all workers and deltas', () => {
  const call = fc.record({ worker: fc.nat(1), user: fc.nat(80), report: fc.boolean() });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 300 }), (calls) => {
      const buffers = [new SampleBuffer(), new SampleBuffer()];
      const counter = new CohortCounter();
      const counts: (WindowCohorts | undefined)[] = [];
      for (const { worker, user, report } of calls) {
        const buffer = buffers[worker] as SampleBuffer;
        note(buffer, user);
        if (report) counts.push(counted(counter, buffer));
      }
      for (const buffer of buffers) counts.push(counted(counter, buffer));
      const users = [...new Set(calls.map(({ user }) => user))];
      const chosen = users.filter(isChosen).length;
      const expected = users.length === 0 ? undefined : { chosen, left: users.length - chosen };
      expect(mergeCohorts(counts)?.sample).toEqual(expected);
    }),
  );
});

test('a new epoch counts the users of its sample from the beginning', () => {
  const [buffer, counter] = [new SampleBuffer(), new CohortCounter()];
  note(buffer, 3);
  expect(counted(counter, buffer)?.sample).toEqual({ chosen: 1, left: 0 });
  note(buffer, 3);
  expect(counted(counter, buffer)?.sample).toBeUndefined();
  note(buffer, 3);
  expect(counted(counter, buffer, 2)?.sample).toEqual({ chosen: 1, left: 0 });
});

test('more users than there is room for between two deltas leave the rest as fair as it is', () => {
  const [buffer, counter] = [new SampleBuffer(), new CohortCounter()];
  for (let user = 0; user < LIMITS.sampleUsersPerDelta * 3; user += 1) note(buffer, user);
  const { chosen = 0, left = 0 } = counted(counter, buffer)?.sample ?? {};
  expect(chosen + left).toBe(LIMITS.sampleUsersPerDelta);
  expect(Math.abs(chosen / (chosen + left) - 1 / 3)).toBeLessThan(0.01);
  note(buffer, 0);
  expect(buffer.take()).toHaveLength(2);
});
