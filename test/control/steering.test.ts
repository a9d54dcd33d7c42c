import { expect, test } from 'vitest';
import { AmbiguousError } from '../../src/rollout/ports.ts';
import type { StateStore } from '../../src/rollout/ports.ts';
import { compiled, SMALLEST } from '../config/kit.ts';
import { steered } from './kit/steered.ts';

const by = { who: 'ana', reason: 'test' };

const stepsOf = (region: string) =>
  compiled(
    `${SMALLEST}region: { header: x-region, from: [10.0.0.0/8] }\nrollout: { regional: { steps: [{ region: ${region}, share: 30% }] } }\n`,
  );

/** While `fails`, stores what it is given, then loses its answer and hears nothing until `deaf` is taken back. */
interface Wire {
  fails: boolean;
  deaf: boolean;
}

function over(wire: Wire) {
  return (state: StateStore): StateStore => ({
    get: async (key) => {
      if (wire.deaf) throw new AmbiguousError('timed out');
      return await state.get(key);
    },
    list: (prefix) => state.list(prefix),
    watch: (prefix, handler, signal) => state.watch(prefix, handler, signal),
    acquire: (name, holder, ttlMs) => state.acquire(name, holder, ttlMs),
    status: () => state.status(),
    close: () => state.close(),
    async commit(guards, ops, id) {
      const committed = await state.commit(guards, ops, id);
      if (!wire.fails) return committed;
      wire.deaf = true;
      throw new AmbiguousError('timed out');
    },
  });
}

test('after a reload of whose storing nobody heard, what is shown and what is decided follow one plan', async () => {
  const wire = { fails: false, deaf: false };
  const other = stepsOf('us');
  const { steering, publisher } = await steered(stepsOf('eu'), {
    store: over(wire),
    options: { load: () => ({ ok: true, config: other, warnings: [] }) },
  });
  // The second one reads back what the first one stored, and publishes it.
  for (let times = 0; times < 2; times += 1) {
    wire.fails = true;
    expect((await steering.reload(by)).result.ok).toBe(false);
    wire.fails = false;
    wire.deaf = false;
  }
  const to = { phase: 'regional', step: 0 } as const;
  const moved = await steering.apply({ verb: 'advance', to, force: true, legacyServes: true, ...by });
  expect(moved.ok).toBe(true);
  expect(steering.state.shares).toEqual({ eu: 0.3 });
  expect(publisher.current.rollout.shares).toEqual({ eu: 0.3 });
  expect((await steering.reload(by)).result.ok).toBe(true);
  expect(publisher.current.rollout.shares).toEqual(steering.state.shares);
});
