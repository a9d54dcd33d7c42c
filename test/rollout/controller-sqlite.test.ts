import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Controller } from '../../src/rollout/controller.ts';
import type { OperatorCommand } from '../../src/rollout/controller-types.ts';
import type { StateStore } from '../../src/rollout/ports.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { until } from '../kit/until.ts';
import { plan } from './fixtures.ts';

const by = { who: 'ana', reason: 'because' } as const;
const advance: OperatorCommand = { verb: 'advance', to: null, force: true, legacyServes: false, ...by };
const retention = {
  windowsMs: 86_400_000,
  examplesMs: 86_400_000,
  eventsMs: 86_400_000,
  maxBytes: 1_000_000_000,
};

let directory: string;
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cutover-controller-'));
});

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  await rm(directory, { recursive: true, force: true });
});

function openStore(): { readonly state: StateStore; close(): Promise<void> } {
  const store = openSqliteStore({ file: join(directory, 'cutover.db'), retention });
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => (closed ??= store.close());
  closing.push(close);
  return { state: store.state, close };
}

async function openController(store: { readonly state: StateStore }, holder: string) {
  const published: RolloutState[] = [];
  const controller = await Controller.open(store.state, {
    plan,
    configHash: 'c1',
    build: '1',
    holder,
    publish: (state) => published.push(state),
    tickMs: 0,
  });
  closing.push(() => controller.close());
  return { controller, published };
}

test('keeps rollout and audit over a restart', async () => {
  const store = openStore();
  const { controller } = await openController(store, 'one');
  expect(await controller.apply(advance)).toMatchObject({ ok: true, stored: true });
  await controller.close();
  await store.close();
  const again = await openController(openStore(), 'two');
  expect(again.controller.state).toEqual(controller.state);
  expect(await again.controller.history(10)).toMatchObject({ total: 2, intact: true });
});

test('lets a second controller follow, and take over when the first one ends', async () => {
  const one = await openController(openStore(), 'one');
  const two = await openController(openStore(), 'two');
  expect(await two.controller.apply(advance)).toMatchObject({ ok: false, code: 'LEASE_LOST' });
  await one.controller.apply(advance);
  await until(() => two.published.at(-1)?.phase === 'canary', 'the follower to see it');
  await one.controller.close();
  expect(await two.controller.apply(advance)).toMatchObject({
    ok: true,
    state: { phase: 'regional', sequence: 3 },
  });
});

test('rolls back when the database is gone, and refuses everything else', async () => {
  const store = openStore();
  const { controller, published } = await openController(store, 'one');
  await controller.apply(advance);
  await store.close();
  expect(await controller.apply(advance)).toMatchObject({ ok: false, code: 'STORE_DOWN', exitCode: 1 });
  const rollback: OperatorCommand = { verb: 'rollback', to: null, ...by };
  expect(await controller.apply(rollback)).toMatchObject({
    ok: true,
    stored: false,
    state: { phase: 'shadow' },
  });
  expect(published.at(-1)?.phase).toBe('shadow');
});
