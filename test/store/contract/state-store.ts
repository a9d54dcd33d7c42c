import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StateStore } from '../../../src/rollout/ports.ts';
import { until } from '../../kit/until.ts';
import { Heard, bytes, text } from './state-harness.ts';
import type { StateHarness } from './state-harness.ts';

/**
 * The promises of a `StateStore`; every driver keeps all of them.
 * @param name of the driver, for the report
 * @param open a new, empty store
 */
export function stateStoreContract(name: string, open: () => Promise<StateHarness>): void {
  describe(`${name} as a StateStore`, () => {
    let harness: StateHarness;
    let store: StateStore;
    let stop: AbortController;
    let sequence = 0;

    const id = (): string => `commit-${(sequence += 1)}`;
    const put = async (key: string, value: string, by: StateStore = store): Promise<bigint> => {
      const commit = await by.commit([], [{ put: key, value: bytes(value) }], id());
      if (!commit.ok) throw new Error('an unguarded commit was refused');
      return commit.rev;
    };
    const watched = async (prefix: string, by: StateStore = store): Promise<Heard> => {
      const heard = new Heard();
      by.watch(prefix, heard, stop.signal);
      await until(() => heard.snapshots === 1, 'the first snapshot');
      return heard;
    };

    beforeEach(async () => {
      harness = await open();
      store = harness.store;
      stop = new AbortController();
    });
    afterEach(async () => {
      stop.abort();
      await harness.close();
    });

    test('keeps what was put, with the revisions of its making and its last change', async () => {
      const first = await put('ctl/rollout', 'one');
      const second = await put('ctl/rollout', 'two');
      expect(await store.get('ctl/rollout')).toEqual({
        key: 'ctl/rollout',
        value: bytes('two'),
        rev: second,
        createdRev: first,
      });
      expect(await store.get('ctl/other')).toBeNull();
      expect(second > first).toBe(true);
    });

    test('starts a key anew after it was deleted', async () => {
      await put('a', 'one');
      await store.commit([], [{ del: 'a' }], id());
      expect(await store.get('a')).toBeNull();
      const rev = await put('a', 'two');
      expect((await store.get('a'))?.createdRev).toBe(rev);
    });

    test('lists a prefix in key order, and nothing beside it', async () => {
      for (const key of ['hist/2', 'hist/10', 'hist', 'hist/1', 'hist0', 'his', 'hist/é', 'hist/\u{1F600}']) {
        await put(key, key);
      }
      const { entries, rev } = await store.list('hist/');
      expect(entries.map((entry) => entry.key)).toEqual([
        'hist/1',
        'hist/10',
        'hist/2',
        'hist/é',
        'hist/\u{1F600}',
      ]);
      expect(rev).toBe(store.status().rev);
    });

    test('keeps bytes as they are', async () => {
      const value = Uint8Array.from({ length: 256 }, (_, index) => index);
      await store.commit(
        [],
        [
          { put: 'bytes', value },
          { put: 'empty', value: new Uint8Array(0) },
        ],
        id(),
      );
      expect((await store.get('bytes'))?.value).toEqual(value);
      expect((await store.get('empty'))?.value).toEqual(new Uint8Array(0));
    });

    test('applies all operations at one revision, or none', async () => {
      const rev = await put('a', 'old');
      const all = await store.commit(
        [
          { key: 'a', rev },
          { key: 'b', rev: 0n },
        ],
        [{ put: 'b', value: bytes('b') }, { del: 'a' }, { put: 'c', value: bytes('c') }],
        id(),
      );
      expect(all.ok).toBe(true);
      const { entries } = await store.list('');
      expect(entries.map((entry) => [entry.key, entry.rev])).toEqual([
        ['b', all.ok && all.rev],
        ['c', all.ok && all.rev],
      ]);
      const none = await store.commit(
        [
          { key: 'b', rev: 0n },
          { key: 'c', rev: all.ok ? all.rev : 0n },
        ],
        [{ del: 'b' }, { put: 'd', value: bytes('d') }],
        id(),
      );
      expect(none).toEqual({ ok: false, current: entries });
      expect((await store.list('')).entries).toEqual(entries);
    });

    test('answers a refused commit with what stands there now', async () => {
      const rev = await put('a', 'now');
      const refused = await store.commit(
        [
          { key: 'a', rev: rev - 1n },
          { key: 'x', rev: 0n },
        ],
        [{ del: 'a' }],
        id(),
      );
      expect(refused).toEqual({
        ok: false,
        current: [{ key: 'a', value: bytes('now'), rev, createdRev: rev }],
      });
    });

    test('lets one of many conflicting writers win each time: the sum is the number of successes', async () => {
      const clients = [store, await harness.another(), await harness.another()];
      await put('counter', '0');
      const revs = new Set<bigint>();
      let successes = 0;
      let conflicts = 0;
      const writer = async (client: StateStore): Promise<void> => {
        for (let done = 0; done < 10;) {
          const entry = await client.get('counter');
          await Promise.resolve();
          const value = bytes(String(Number(text(entry)) + 1));
          const commit = await client.commit(
            [{ key: 'counter', rev: entry?.rev ?? 0n }],
            [{ put: 'counter', value }],
            id(),
          );
          if (!commit.ok) conflicts += 1;
          else {
            done += 1;
            successes += 1;
            revs.add(commit.rev);
          }
        }
      };
      await Promise.all(Array.from({ length: 16 }, (_, index) => writer(clients[index % 3] as StateStore)));
      expect(text(await store.get('counter'))).toBe(String(successes));
      expect(successes).toBe(160);
      expect(conflicts).toBeGreaterThan(0);
      expect(revs.size).toBe(successes);
    });

    test('takes a commit that is sent twice once, and answers the same', async () => {
      const ops = [{ put: 'once', value: bytes('1') }];
      const first = await store.commit([{ key: 'once', rev: 0n }], ops, 'decision-1');
      await put('once', 'changed since');
      const again = await (await harness.another()).commit([{ key: 'once', rev: 0n }], ops, 'decision-1');
      expect(again).toEqual(first);
      expect(first.ok).toBe(true);
      expect(text(await store.get('once'))).toBe('changed since');
    });

    test('judges a refused commit anew when it is sent again', async () => {
      const guards = [{ key: 'a', rev: 0n }];
      await put('a', 'in the way');
      expect((await store.commit(guards, [{ put: 'a', value: bytes('x') }], 'later')).ok).toBe(false);
      await store.commit([], [{ del: 'a' }], id());
      expect((await store.commit(guards, [{ put: 'a', value: bytes('x') }], 'later')).ok).toBe(true);
    });

    test('refuses what no driver holds: no operation, a key twice, too many, too large, an empty key', async () => {
      const value = bytes('x');
      const refused = [
        store.commit([], [], id()),
        store.commit([], [{ put: 'a', value }, { del: 'a' }], id()),
        store.commit(
          [],
          Array.from({ length: 129 }, (_, index) => ({ put: `k${index}`, value })),
          id(),
        ),
        store.commit([], [{ put: 'a', value: new Uint8Array(1024 * 1024 + 1) }], id()),
        store.commit([], [{ put: '', value }], id()),
        store.commit([], [{ put: 'a', value, ttlMs: 0 }], id()),
        store.commit([], [{ put: 'a', value }], 'i'.repeat(513)),
      ];
      for (const commit of refused) await expect(commit).rejects.toThrow(RangeError);
      expect((await store.list('')).entries).toEqual([]);
    });

    test('refuses the token of an older holder after a newer one acquired', async () => {
      const paused = await store.acquire('lead', 'first', 1_000);
      await harness.passTime(1_001);
      const other = await harness.another();
      const current = await other.acquire('lead', 'second', 1_000);
      expect(paused !== null && current !== null && current.token.token > paused.token.token).toBe(true);
      if (paused === null || current === null) return;
      const write = (lease: typeof paused, value: string) =>
        store.commit([{ lease: lease.token }], [{ put: 'ctl/rollout', value: bytes(value) }], id());
      expect((await write(paused, 'old')).ok).toBe(false);
      expect((await write(current, 'new')).ok).toBe(true);
      await expect(paused.renew()).rejects.toThrow(/lost/);
      expect(paused.lost.aborted).toBe(true);
      expect(current.lost.aborted).toBe(false);
      expect(text(await store.get('ctl/rollout'))).toBe('new');
    });

    test('needs both guards: neither the lease nor the revision alone lets a stale decision through', async () => {
      const lease = await store.acquire('lead', 'me', 60_000);
      if (lease === null) throw new Error('the lease was free');
      const seen = await put('ctl/rollout', 'seen');
      await put('ctl/rollout', 'changed');
      const ops = [{ put: 'ctl/rollout', value: bytes('stale') }];
      expect(
        (await store.commit([{ lease: lease.token }, { key: 'ctl/rollout', rev: seen }], ops, id())).ok,
      ).toBe(false);
      const now = (await store.get('ctl/rollout'))?.rev ?? 0n;
      const older = { name: 'lead', token: lease.token.token - 1n };
      expect((await store.commit([{ lease: older }, { key: 'ctl/rollout', rev: now }], ops, id())).ok).toBe(
        false,
      );
      expect(
        (await store.commit([{ lease: lease.token }, { key: 'ctl/rollout', rev: now }], ops, id())).ok,
      ).toBe(true);
    });

    test('gives a lease to one holder until it is released or expires', async () => {
      const lease = await store.acquire('lead', 'a', 1_000);
      expect(await store.acquire('lead', 'b', 1_000)).toBeNull();
      expect(await store.acquire('other', 'b', 1_000)).not.toBeNull();
      await harness.passTime(700);
      await lease?.renew();
      await harness.passTime(700);
      expect(await store.acquire('lead', 'b', 1_000)).toBeNull();
      await lease?.release();
      const next = await store.acquire('lead', 'b', 1_000);
      expect(next !== null && lease !== null && next.token.token > lease.token.token).toBe(true);
    });

    test('does not write under a lease that expired, even when nobody else took it', async () => {
      const lease = await store.acquire('lead', 'a', 1_000);
      await harness.passTime(1_001);
      const guards = lease === null ? [] : [{ lease: lease.token }];
      expect((await store.commit(guards, [{ put: 'a', value: bytes('late') }], id())).ok).toBe(false);
      await until(() => lease?.lost.aborted, 'the holder to hear of it');
    });

    test('lets a holder that started again take its lease back, under a newer token', async () => {
      const before = await store.acquire('lead', 'a', 60_000);
      const after = await (await harness.another()).acquire('lead', 'a', 60_000);
      expect(after !== null && before !== null && after.token.token > before.token.token).toBe(true);
      await until(() => before?.lost.aborted, 'the earlier one to hear of it');
    });

    test('hides an entry once its time to live is over, and counts it as absent', async () => {
      await store.commit(
        [],
        [
          { put: 'node/a', value: bytes('up'), ttlMs: 1_000 },
          { put: 'node/b', value: bytes('up') },
        ],
        id(),
      );
      await harness.passTime(999);
      expect(text(await store.get('node/a'))).toBe('up');
      await harness.passTime(2);
      expect(await store.get('node/a')).toBeNull();
      expect((await store.list('node/')).entries.map((entry) => entry.key)).toEqual(['node/b']);
      const commit = await store.commit(
        [{ key: 'node/a', rev: 0n }],
        [{ put: 'node/a', value: bytes('new') }],
        id(),
      );
      expect(commit.ok).toBe(true);
      await harness.passTime(5_000);
      expect(text(await store.get('node/a'))).toBe('new');
    });

    test('tells watchers of an entry whose time is over', async () => {
      const heard = await watched('node/');
      await store.commit([], [{ put: 'node/a', value: bytes('up'), ttlMs: 1_000 }], id());
      await until(() => heard.keys.has('node/a'));
      await harness.passTime(1_001);
      await until(() => !heard.keys.has('node/a'), 'the deletion');
    });

    test('gives a watcher everything there is, then every change: puts and deletes, a batch a revision', async () => {
      await put('ctl/a', '1');
      await put('cfg/a', '1');
      const heard = await watched('ctl/');
      expect([...heard.keys]).toEqual([['ctl/a', '1']]);
      const both = await store.commit(
        [],
        [
          { put: 'ctl/b', value: bytes('2') },
          { put: 'cfg/b', value: bytes('2') },
          { put: 'ctl/c', value: bytes('2') },
        ],
        id(),
      );
      await put('cfg/a', 'elsewhere');
      const gone = await store.commit([], [{ del: 'ctl/a' }, { del: 'ctl/never' }], id());
      await until(() => heard.revs.length === 2);
      expect(heard.revs).toEqual([both.ok && both.rev, gone.ok && gone.rev]);
      expect(
        heard.changes.map((change) => (change.type === 'put' ? change.entry.key : `-${change.key}`)),
      ).toEqual(['ctl/b', 'ctl/c', '-ctl/a']);
      expect(heard.snapshots).toBe(1);
    });

    test('gives a watcher the changes of another client, in order, none missed and none twice', async () => {
      const heard = await watched('ctl/');
      const other = await harness.another();
      const revs: bigint[] = [];
      for (let round = 0; round < 60; round += 1) {
        revs.push(await put(`ctl/${round % 7}`, String(round), round % 3 === 0 ? store : other));
        if (round % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
        if (round % 15 === 0) await until(() => heard.rev === revs.at(-1));
      }
      await until(() => heard.rev === revs.at(-1), 'the last change');
      expect(heard.revs).toEqual(revs);
      expect(heard.snapshots).toBe(1);
    });

    test('starts a watcher anew, deletes included, when the changes it missed are forgotten', async () => {
      await put('ctl/stays', '1');
      await put('ctl/goes', '1');
      const heard = await watched('ctl/');
      const other = await harness.another();
      await other.commit([], [{ del: 'ctl/goes' }, { put: 'ctl/comes', value: bytes('2') }], id());
      await harness.forgetChanges();
      await until(() => heard.snapshots === 2, 'a second snapshot');
      expect([...heard.keys].sort(([a], [b]) => (a < b ? -1 : 1))).toEqual([
        ['ctl/comes', '2'],
        ['ctl/stays', '1'],
      ]);
      await put('ctl/after', '3', other);
      await until(() => heard.keys.has('ctl/after'));
      expect(heard.snapshots).toBe(2);
    });

    test('is silent to a watcher that stopped', async () => {
      const heard = await watched('');
      stop.abort();
      await put('a', '1');
      await (await harness.another()).commit([], [{ put: 'b', value: bytes('1') }], id());
      stop = new AbortController();
      const later = await watched('');
      expect(later.keys.size).toBe(2);
      expect(heard.changes).toEqual([]);
    });

    test('lets a watcher commit from inside its callback', async () => {
      const heard = new Heard();
      const batch = heard.batch.bind(heard);
      heard.batch = (rev, changes) => {
        batch(rev, changes);
        if (heard.revs.length === 1) void put('ctl/echo', 'back');
      };
      store.watch('ctl/', heard, stop.signal);
      await put('ctl/call', 'hello');
      await put('ctl/call', 'hello again');
      await until(() => heard.keys.get('ctl/echo') === 'back');
    });

    test('names its generation the same to all clients, and says that it is closed', async () => {
      const other = await harness.another();
      const { generation, mode, staleMs } = store.status();
      expect(generation).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
      expect([mode, staleMs, other.status().generation]).toEqual(['live', 0, generation]);
      const rev = await put('a', '1');
      expect([store.status().rev, other.status().rev]).toEqual([rev, rev]);
      await other.close();
      expect(other.status().mode).toBe('down');
      await expect(other.get('a')).rejects.toThrow(/closed/);
      await expect(other.commit([], [{ del: 'a' }], id())).rejects.toThrow(/closed/);
    });
  });
}
