import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Change, Entry, Op } from '../../src/rollout/ports.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { until } from '../kit/until.ts';
import { KEEP_ALL, temporaryDirectory } from './kit/temporary.ts';

interface Held {
  readonly value: number;
  readonly rev: bigint;
  readonly createdRev: bigint;
  readonly expiresAtMs: number;
}

/** The store as a plain map: what the real one is compared with. */
class Model {
  rev = 0n;
  nowMs = 1_790_000_000_000;
  private readonly held = new Map<string, Held>();
  private readonly done = new Map<string, bigint>();

  get(key: string): Held | null {
    const found = this.held.get(key);
    return found === undefined || found.expiresAtMs <= this.nowMs ? null : found;
  }

  commit(guards: readonly { key: string; rev: bigint }[], ops: readonly Op[], id: string): bigint | null {
    const before = this.done.get(id);
    if (before !== undefined) return before;
    if (guards.some(({ key, rev }) => (this.get(key)?.rev ?? 0n) !== rev)) return null;
    this.rev += 1n;
    for (const op of ops) this.apply(op);
    this.done.set(id, this.rev);
    return this.rev;
  }

  entries(): [string, number, bigint, bigint][] {
    const keys = [...this.held.keys()].filter((key) => this.get(key) !== null).sort();
    return keys.map((key) => {
      const { value, rev, createdRev } = this.held.get(key) as Held;
      return [key, value, rev, createdRev];
    });
  }

  private apply(op: Op): void {
    if ('del' in op) {
      this.held.delete(op.del);
      return;
    }
    const createdRev = this.get(op.put)?.createdRev ?? this.rev;
    const expiresAtMs = op.ttlMs === undefined ? Infinity : this.nowMs + op.ttlMs;
    this.held.set(op.put, { value: op.value[0] as number, rev: this.rev, createdRev, expiresAtMs });
  }
}

const key = fc.constantFrom('ctl/a', 'ctl/b', 'hist/a', 'hist/b', 'x');
const operation = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    key,
    value: fc.nat(255),
    ttlMs: fc.constantFrom(0, 0, 50, 500),
  }),
  fc.record({ kind: fc.constant('del' as const), key }),
);
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      // How far behind the present the guard's knowledge is: 0 is right, else stale.
      guards: fc.uniqueArray(fc.record({ key, behind: fc.constantFrom(0, 0, 0, 1) }), {
        selector: (guard) => guard.key,
        maxLength: 2,
      }),
      ops: fc.uniqueArray(operation, { selector: (op) => op.key, minLength: 1, maxLength: 4 }),
      id: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(3) }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 300 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
);

test(
  'agrees with a plain map over random commits, guards, expiry, repeated ids and restarts',
  { timeout: 120_000 },
  async () => {
    const directory = temporaryDirectory();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        runs += 1;
        const file = `${directory}/run-${runs}.db`;
        const model = new Model();
        // Expired entries are swept by the poll, which takes a revision: here time stands still between two turns.
        const open = () => openSqliteStore({ file, retention: KEEP_ALL, nowMs: () => model.nowMs });
        let store = open();
        let commits = 0;
        for (const step of actions) {
          if (step.kind === 'wait') model.nowMs += step.ms;
          if (step.kind === 'reopen') {
            await store.close();
            store = open();
          }
          if (step.kind !== 'commit') continue;
          commits += 1;
          const guards = step.guards.map(({ key, behind }) => ({
            key,
            rev: (model.get(key)?.rev ?? 0n) + BigInt(behind),
          }));
          const ops = step.ops.map((op): Op => {
            if (op.kind === 'del') return { del: op.key };
            const value = Uint8Array.of(op.value);
            return op.ttlMs === 0 ? { put: op.key, value } : { put: op.key, value, ttlMs: op.ttlMs };
          });
          const id = step.id === null ? `commit-${commits}` : `again-${step.id}`;
          const expected = model.commit(guards, ops, id);
          const actual = await store.state.commit(guards, ops, id);
          expect(actual.ok ? actual.rev : null).toBe(expected);
          const { entries, rev } = await store.state.list('');
          expect(entries.map((entry) => [entry.key, entry.value[0], entry.rev, entry.createdRev])).toEqual(
            model.entries(),
          );
          expect(rev).toBe(model.rev);
        }
        await store.close();
      }),
      { numRuns: 100 },
    );
  },
);

test(
  'gives every watcher the state, however commits, restarts of the log and other clients interleave',
  { timeout: 120_000 },
  async () => {
    const directory = temporaryDirectory();
    let runs = 0;
    const step = fc.record({
      by: fc.boolean(),
      key: fc.nat(4),
      del: fc.boolean(),
      turn: fc.boolean(),
      burst: fc.integer({ min: 1, max: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), async (steps) => {
        runs += 1;
        const options = { file: `${directory}/run-${runs}.db`, retention: KEEP_ALL, changeRevisions: 8 };
        const [one, two] = [openSqliteStore(options), openSqliteStore(options)];
        const keys = new Map<string, Entry>();
        let at = -1n;
        const apply = (change: Change): unknown =>
          change.type === 'put' ? keys.set(change.entry.key, change.entry) : keys.delete(change.key);
        const handler = {
          snapshot(rev: bigint, entries: readonly Entry[]) {
            expect(rev >= at).toBe(true);
            at = rev;
            keys.clear();
            for (const entry of entries) keys.set(entry.key, entry);
          },
          batch(rev: bigint, changes: readonly Change[]) {
            expect(rev > at).toBe(true);
            at = rev;
            changes.forEach(apply);
          },
          health: () => {},
        };
        one.state.watch('', handler, new AbortController().signal);
        let last = 0n;
        let commits = 0;
        for (const { by, key, del, turn, burst } of steps) {
          for (let index = 0; index < burst; index += 1) {
            commits += 1;
            const name = `k${(key + index) % 5}`;
            const op: Op = del ? { del: name } : { put: name, value: Uint8Array.of(commits % 256) };
            const commit = await (by ? one : two).state.commit([], [op], `commit-${commits}`);
            if (commit.ok) last = commit.rev;
          }
          if (turn) await new Promise((resolve) => setImmediate(resolve));
        }
        const { entries } = await one.state.list('');
        const seen = () => [...keys.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
        await until(
          () =>
            JSON.stringify(seen().map((e) => [e.key, String(e.rev)])) ===
            JSON.stringify(entries.map((e) => [e.key, String(e.rev)])),
          'the state',
        );
        expect(seen()).toEqual(entries);
        expect(at <= last).toBe(true);
        await one.close();
        await two.close();
      }),
      { numRuns: 30 },
    );
  },
);
