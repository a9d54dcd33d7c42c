import { expect, test } from 'vitest';
import type { TelemetryStore } from '../../src/rollout/ports.ts';
import type { Window } from '../../src/telemetry/types.ts';
import { advance } from '../rollout/controller-kit.ts';
import { windowOf } from '../rollout/gates-fixtures.ts';
import { keeper } from './kit/keeper.ts';

/** A store that gives what lies within the times that it is asked for, when it may. */
function storeOf(windows: readonly Window[], ready: Promise<void> = Promise.resolve()): TelemetryStore {
  return {
    async *readWindows(fromMs: number, toMs: number) {
      await ready;
      yield* windows.filter(({ startMs }) => startMs >= fromMs && startMs < toMs);
    },
  } as unknown as TelemetryStore;
}

test('a clock that was set back takes no stored window out of the evidence', async () => {
  const { controller, gates } = await keeper();
  const { epoch, epochSinceMs } = controller.state;
  const shown = windowOf(0, [{ error: { n: 100, plus: 1 } }]);
  const at = (startMs: number): Window => ({ ...shown, epoch, id: startMs / 10_000, startMs });
  // One lies before the epoch began, one in what is the future again.
  await gates.recall(storeOf([at(epochSinceMs - 60_000), at(epochSinceMs), at(epochSinceMs + 600_000)]));
  const { windows, metrics } = gates.report();
  expect([windows, metrics[0]?.n, metrics[0]?.plus]).toEqual([3, 300, 3]);
});

test('windows that are read too late take nothing away from the next epoch', async () => {
  const { controller, gates, show } = await keeper();
  const { epoch } = controller.state;
  const { promise: read, resolve } = Promise.withResolvers<void>();
  const stored = { ...windowOf(999, [{ error: { n: 200 } }]), epoch };
  const recalled = gates.recall(storeOf([stored], read));
  await controller.apply(advance);
  show(0, { direction: 'reverse', error: { n: 300, plus: 2 } });
  resolve();
  await recalled;
  const { windows, metrics } = gates.report();
  expect(gates.report().epoch).toBe(epoch + 1);
  expect([windows, metrics[0]?.n, metrics[0]?.plus]).toEqual([1, 300, 2]);
});
