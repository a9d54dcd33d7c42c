import { afterEach } from 'vitest';
import { Controller } from '../../src/rollout/controller.ts';
import type { ControllerOptions, OperatorCommand } from '../../src/rollout/controller-types.ts';
import { ROLLOUT_KEY, decodeState } from '../../src/rollout/codec.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { plan } from './fixtures.ts';
import type { MemoryStore } from './memory-store.ts';

export const by = { who: 'ana', reason: 'because' } as const;
export const advance = {
  verb: 'advance',
  to: null,
  force: true,
  legacyServes: false,
  ...by,
} as const satisfies OperatorCommand;
export const rollback = { verb: 'rollback', to: null, ...by } as const satisfies OperatorCommand;
export const bypass = { verb: 'bypass', ...by } as const satisfies OperatorCommand;

const open: Controller[] = [];

afterEach(async () => {
  for (const controller of open.splice(0)) await controller.close();
});

/** A controller over a connection of its own; closed after the test. */
export async function start(memory: MemoryStore, overrides: Partial<ControllerOptions> = {}) {
  const store = memory.connect();
  const published: RolloutState[] = [];
  const log: string[] = [];
  const controller = await Controller.open(store, {
    plan,
    configHash: 'c1',
    build: '1',
    holder: 'one',
    publish: (state) => published.push(state),
    log: (line) => log.push(line),
    nowMs: () => memory.nowMs,
    tickMs: 0,
    ...overrides,
  });
  open.push(controller);
  return { controller, store, published, log };
}

/** What the store holds. */
export function storedState(memory: MemoryStore): RolloutState {
  return decodeState(memory.entries.get(ROLLOUT_KEY)?.value ?? new Uint8Array());
}
