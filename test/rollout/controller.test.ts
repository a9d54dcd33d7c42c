import { expect, test } from 'vitest';
import type { Command } from '../../src/rollout/command.ts';
import type { OperatorCommand } from '../../src/rollout/controller-types.ts';
import { ROLLOUT_KEY } from '../../src/rollout/codec.ts';
import { historyKey } from '../../src/rollout/history.ts';
import { until } from '../kit/until.ts';
import { advance, by, bypass, rollback, start, storedState } from './controller-kit.ts';
import { plan } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

test('starts a rollout once and finds it again', async () => {
  const memory = new MemoryStore();
  const first = await start(memory);
  expect(first.controller.state).toMatchObject({ phase: 'shadow', sequence: 1, epoch: 1 });
  await first.controller.apply(advance);
  await first.controller.close();
  const second = await start(memory, { holder: 'two' });
  expect(second.controller.state).toEqual(first.controller.state);
  expect(second.published).toEqual([]);
  expect(await second.controller.history(10)).toMatchObject({ intact: true, total: 2 });
});

test('opens a new epoch for another configuration, and says so in the audit', async () => {
  const memory = new MemoryStore();
  const first = await start(memory);
  await first.controller.close();
  const second = await start(memory, { configHash: 'c2' });
  expect(second.controller.state).toMatchObject({
    epoch: 2,
    configHash: 'c2',
    salt: first.controller.state.salt,
  });
  expect((await second.controller.history(1)).entries[0]).toMatchObject({
    verb: 'reload',
    who: 'controller',
  });
});

test('commits state and audit as one, then publishes', async () => {
  const memory = new MemoryStore();
  const { controller, published } = await start(memory);
  const commits = memory.commits;
  const result = await controller.apply(advance);
  expect(result).toMatchObject({ ok: true, stored: true, state: { phase: 'canary' } });
  expect(memory.commits).toBe(commits + 1);
  expect(storedState(memory)).toEqual(controller.state);
  expect(memory.entries.has(historyKey(2))).toBe(true);
  expect(published).toEqual([controller.state]);
});

test('carries out commands one after the other, however they are asked', async () => {
  const memory = new MemoryStore();
  const { controller, published } = await start(memory);
  const results = await Promise.all(
    [advance, advance, rollback, advance].map((each) => controller.apply(each)),
  );
  expect(results.map((result) => result.ok && result.state.sequence)).toEqual([2, 3, 4, 5]);
  expect(published.map((state) => state.phase)).toEqual(['canary', 'regional', 'canary', 'regional']);
  expect(await controller.history(2)).toMatchObject({
    total: 5,
    intact: true,
    entries: [{ sequence: 4 }, { sequence: 5 }],
  });
});

test('passes a refusal on and stores nothing', async () => {
  const memory = new MemoryStore();
  const { controller } = await start(memory);
  const commits = memory.commits;
  expect(await controller.apply(rollback)).toMatchObject({ ok: false, code: 'AT_START' });
  expect(memory.commits).toBe(commits);
});

test('sees in the audit that an entry was changed, or its tail cut off', async () => {
  const memory = new MemoryStore();
  const { controller } = await start(memory);
  await controller.apply(advance);
  await controller.apply(rollback);
  const kept = memory.entries.get(historyKey(2)) as { value: Uint8Array };
  const text = new TextDecoder().decode(kept.value).replace('because', 'no reason');
  memory.entries.set(historyKey(2), { ...kept, value: new TextEncoder().encode(text) } as never);
  expect((await controller.history(10)).intact).toBe(false);
  memory.entries.set(historyKey(2), kept as never);
  expect((await controller.history(10)).intact).toBe(true);
  memory.entries.delete(historyKey(3));
  expect((await controller.history(10)).intact).toBe(false);
});

test('takes a change for done when the store did it and did not say so', async () => {
  const memory = new MemoryStore();
  const { controller, store, published } = await start(memory);
  store.breaks('lost', 1);
  expect(await controller.apply(advance)).toMatchObject({ ok: true, stored: true });
  expect(storedState(memory)).toMatchObject({ phase: 'canary', sequence: 2 });
  expect(published).toHaveLength(1);
  expect(await controller.apply(advance)).toMatchObject({ ok: true, state: { sequence: 3 } });
});

test('finds its own line in the audit when the store forgot the id of the commit', async () => {
  const memory = new MemoryStore();
  const { controller, store } = await start(memory);
  store.breaks('lost', 1);
  const commit = store.commit.bind(store);
  store.commit = (...args) => commit(...args).finally(() => memory.done.clear());
  expect(await controller.apply(advance)).toMatchObject({
    ok: true,
    stored: true,
    state: { phase: 'canary' },
  });
});

test('commits once more, under the same id, when the store did not do it and did not say so', async () => {
  const memory = new MemoryStore();
  const { controller, store } = await start(memory);
  store.breaks('unsaid', 2);
  expect(await controller.apply(advance)).toMatchObject({ ok: true, stored: true });
  expect(await controller.history(10)).toMatchObject({ total: 2, intact: true });
});

test('refuses to advance when nobody knows whether it was stored, and adopts it when it was', async () => {
  const memory = new MemoryStore();
  const { controller, store, published } = await start(memory);
  store.breaks('unsaid');
  expect(await controller.apply(advance)).toMatchObject({ ok: false, code: 'STORE_DOWN', exitCode: 1 });
  expect(published).toEqual([]);
  store.breaks('none');
  await controller.tick();
  expect(controller.state.phase).toBe('shadow');
  expect(controller.health).toMatchObject({ store: 'live', message: null, leads: true });
});

test('refuses to advance, pause or release while the store is down', async () => {
  const memory = new MemoryStore();
  const { controller, store, published } = await start(memory);
  store.breaks('down');
  const rising: OperatorCommand[] = [advance, { verb: 'bypass_off', ...by }, { verb: 'resume', ...by }];
  for (const command of rising) {
    expect(await controller.apply(command)).toMatchObject({ ok: false, code: 'STORE_DOWN', exitCode: 1 });
  }
  expect(published).toEqual([]);
  expect(controller.health).toMatchObject({ store: 'down', message: 'connection refused' });
  await expect(controller.history(1)).rejects.toMatchObject({ code: 'STORE_DOWN' });
});

test('rolls back and bypasses without the store, and stores both when it returns', async () => {
  const memory = new MemoryStore();
  const { controller, store, published } = await start(memory);
  await controller.apply({ ...advance, to: { phase: 'enforce' } });
  store.breaks('down');
  expect(await controller.apply(rollback)).toMatchObject({ ok: true, stored: false, state: { step: 2 } });
  expect(await controller.apply(bypass)).toMatchObject({ ok: true, stored: false, state: { bypass: true } });
  expect(await controller.apply(bypass)).toMatchObject({ ok: true, stored: false });
  expect(published.at(-1)).toMatchObject({ phase: 'regional', step: 2, bypass: true });
  expect(controller.health.unstored).toBe(2);
  expect(storedState(memory)).toMatchObject({ phase: 'enforce', bypass: false });
  await controller.tick();
  expect(controller.health.unstored).toBe(2);
  store.breaks('none');
  await controller.tick();
  expect(controller.health).toMatchObject({ unstored: 0, store: 'live' });
  expect(storedState(memory)).toEqual(controller.state);
  expect(await controller.history(10)).toMatchObject({ total: 4, intact: true });
  expect(published).toHaveLength(3);
});

test('a rollback is in effect before the store has answered, and once', { timeout: 20_000 }, async () => {
  const { controller, store, published } = await start(new MemoryStore());
  await controller.apply(advance);
  published.length = 0;
  store.breaks('hangs');
  const answer = controller.apply(rollback);
  await new Promise((resolve) => setImmediate(resolve));
  expect(published).toMatchObject([{ phase: 'shadow' }]);
  store.breaks('none');
  expect(await answer).toMatchObject({ ok: true, state: { phase: 'shadow' } });
  await controller.tick();
  expect(published).toHaveLength(1);
});

test('rolls back within seconds when the store hangs', { timeout: 20_000 }, async () => {
  const memory = new MemoryStore();
  const { controller, store, published } = await start(memory);
  await controller.apply(advance);
  store.breaks('hangs');
  expect(await controller.apply(rollback)).toMatchObject({
    ok: true,
    stored: false,
    state: { phase: 'shadow' },
  });
  expect(published.at(-1)).toMatchObject({ phase: 'shadow' });
  store.breaks('none');
  await controller.tick();
  expect(storedState(memory)).toMatchObject({ phase: 'shadow', sequence: 3 });
});

test('never publishes a higher share in between when the store returns', async () => {
  const memory = new MemoryStore();
  const one = await start(memory);
  await one.controller.apply({ ...advance, to: { phase: 'regional', step: 0 } });
  one.store.breaks('down');
  await one.controller.apply({ ...rollback, to: { phase: 'shadow' } });
  // Meanwhile its lease runs out and another controller, which sees the store, goes on.
  memory.nowMs += 20_000;
  const two = await start(memory, { holder: 'two' });
  expect(await two.controller.apply(advance)).toMatchObject({ ok: true, state: { step: 1 } });
  await two.controller.close();
  one.published.length = 0;
  one.store.breaks('none');
  await one.controller.tick();
  expect(one.published.map((state) => state.phase)).toEqual(['shadow']);
  expect(storedState(memory)).toMatchObject({ phase: 'shadow', sequence: 4 });
  expect(await one.controller.history(10)).toMatchObject({ intact: true, total: 4 });
});

test('drops an unstored rollback when others went back further meanwhile', async () => {
  const memory = new MemoryStore();
  const one = await start(memory);
  await one.controller.apply({ ...advance, to: { phase: 'enforce' } });
  one.store.breaks('down');
  await one.controller.apply(rollback);
  memory.nowMs += 20_000;
  const two = await start(memory, { holder: 'two' });
  await two.controller.apply({ ...rollback, to: { phase: 'canary' } });
  await two.controller.close();
  one.store.breaks('none');
  await one.controller.tick();
  expect(one.controller.state).toMatchObject({ phase: 'canary', sequence: 3 });
  expect(one.controller.health.unstored).toBe(0);
});

test('stores a kill switch once when the store did it without a word', async () => {
  const memory = new MemoryStore();
  const { controller, store } = await start(memory);
  store.breaks('lost', 1);
  const get = store.get.bind(store);
  store.get = () => Promise.reject(new Error('unreachable'));
  const commit = store.commit.bind(store);
  let calls = 0;
  store.commit = (...args) => {
    calls += 1;
    return calls === 1 ? commit(...args) : Promise.reject(new Error('unreachable'));
  };
  expect(await controller.apply(bypass)).toMatchObject({ ok: true, stored: false });
  Object.assign(store, { get, commit });
  await controller.tick();
  expect(controller.health.unstored).toBe(0);
  expect(await controller.history(10)).toMatchObject({ total: 2, intact: true });
});

test('refuses with LEASE_LOST when another controller leads, follows it, and leads again after it', async () => {
  const memory = new MemoryStore();
  const one = await start(memory);
  memory.nowMs += 20_000;
  const two = await start(memory, { holder: 'two' });
  expect(await two.controller.apply(advance)).toMatchObject({ ok: true });
  await until(() => one.published.at(-1)?.phase === 'canary', 'the follower to see it');
  expect(await one.controller.apply(advance)).toMatchObject({ ok: false, code: 'LEASE_LOST', exitCode: 5 });
  expect(one.controller.health.leads).toBe(false);
  await two.controller.close();
  expect(await one.controller.apply(advance)).toMatchObject({
    ok: true,
    state: { phase: 'regional', sequence: 3 },
  });
});

test('lets no stale controller write, even at the revision it knows', async () => {
  const memory = new MemoryStore();
  const one = await start(memory);
  memory.nowMs += 20_000;
  // The other one holds the lease and has not written anything yet.
  const two = memory.connect();
  expect(await two.acquire('lead/controller', 'two', 10_000)).not.toBeNull();
  const commits = memory.commits;
  expect(await one.controller.apply(advance)).toMatchObject({ ok: false, code: 'LEASE_LOST' });
  expect(memory.commits).toBe(commits);
  expect(one.published).toEqual([]);
});

test('refuses a store that was put back to an earlier state, and still rolls back', async () => {
  const memory = new MemoryStore();
  const { controller, published } = await start(memory);
  const backup = new Map(memory.entries);
  await controller.apply(advance);
  memory.entries.clear();
  for (const [key, entry] of backup) memory.entries.set(key, entry);
  expect(await controller.apply(advance)).toMatchObject({ ok: false, code: 'MOVED' });
  expect(await controller.apply(advance)).toMatchObject({ ok: false, code: 'STORE_DOWN' });
  expect(controller.health.message).toContain('was replaced');
  expect(controller.state.phase).toBe('canary');
  expect(await controller.apply(rollback)).toMatchObject({ ok: true, stored: false });
  expect(published.at(-1)?.phase).toBe('shadow');
});

test('says what is wrong when it cannot open', async () => {
  const memory = new MemoryStore();
  const taken = memory.connect();
  await taken.acquire('lead/controller', 'other', 60_000);
  await expect(start(memory)).rejects.toMatchObject({ code: 'LEASE_HELD' });
  const damaged = new MemoryStore();
  const value = new TextEncoder().encode('{"schemaVersion":1,"phase":"shadows"}');
  damaged.entries.set(ROLLOUT_KEY, { key: ROLLOUT_KEY, value, rev: 1n, createdRev: 1n });
  await expect(start(damaged)).rejects.toMatchObject({ code: 'STORE_UNREADABLE' });
});

test('reloads under a new plan, or keeps the old one', async () => {
  const memory = new MemoryStore();
  const { controller, store } = await start(memory);
  await controller.apply({ ...advance, to: { phase: 'regional', step: 2 } });
  const reload = { verb: 'reload', configHash: 'c2', build: '1', ...by } as const satisfies Command;
  const shorter = { ...plan, regional: { steps: plan.regional.steps.slice(0, 1) } };
  store.breaks('down');
  expect(await controller.reload(reload, shorter)).toMatchObject({ ok: false, code: 'STORE_DOWN' });
  store.breaks('none');
  expect(await controller.apply(rollback)).toMatchObject({ ok: true, state: { step: 1, configHash: 'c1' } });
  expect(await controller.reload(reload, shorter)).toMatchObject({
    ok: true,
    state: { step: 0, configHash: 'c2' },
  });
  expect(await controller.apply(advance)).toMatchObject({ ok: true, state: { phase: 'enforce' } });
});

test('does nothing after it was closed', async () => {
  const memory = new MemoryStore();
  const { controller } = await start(memory);
  await controller.close();
  expect(await controller.apply(bypass)).toMatchObject({ ok: false, code: 'CLOSED' });
  await controller.tick();
  expect(memory.leases.size).toBe(0);
});

test('writes nothing for a command that finds everything as it asks for', async () => {
  const memory = new MemoryStore();
  const { controller, published } = await start(memory);
  await controller.apply({ verb: 'pause', ...by });
  await controller.apply(bypass);
  const { commits } = memory;
  for (const command of [{ verb: 'pause', ...by }, bypass] as OperatorCommand[]) {
    expect(await controller.apply(command)).toMatchObject({
      ok: true,
      changed: false,
      entry: { sequence: 3 },
    });
  }
  expect(memory.commits).toBe(commits);
  expect(published).toHaveLength(2);
});
