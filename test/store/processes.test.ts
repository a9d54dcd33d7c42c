import { expect, test } from 'vitest';
import type { Change, Entry } from '../../src/rollout/ports.ts';
import { until } from '../kit/until.ts';
import { startChild } from './kit/spawn.ts';
import { openForTest, temporaryFile } from './kit/temporary.ts';

test(
  'lets four processes count one key up together: the sum is the number of successes',
  { timeout: 60_000 },
  async () => {
    const file = temporaryFile();
    const { state } = openForTest({ file });
    await state.commit([], [{ put: 'counter', value: new TextEncoder().encode('0') }], 'start');
    const children = Array.from({ length: 4 }, () => startChild('increment', file, 50));
    for (const child of children) expect([await child.ended, child.stderr()]).toEqual([0, '']);
    const revs = children.flatMap((child) => child.lines());
    expect(revs).toHaveLength(200);
    expect(new Set(revs).size).toBe(200);
    expect(new TextDecoder().decode((await state.get('counter'))?.value)).toBe('200');
  },
);

test(
  'watches what another process puts and deletes: each revision once, in order',
  { timeout: 60_000 },
  async () => {
    const file = temporaryFile();
    const { state } = openForTest({ file });
    const revs: string[] = [];
    const keys = new Map<string, Entry>();
    const stop = new AbortController();
    let snapshots = 0;
    const apply = (change: Change): void => {
      if (change.type === 'put') keys.set(change.entry.key, change.entry);
      else keys.delete(change.key);
    };
    state.watch(
      'ctl/',
      {
        snapshot: () => void (snapshots += 1),
        batch(rev, changes) {
          revs.push(String(rev));
          changes.forEach(apply);
        },
        health: () => {},
      },
      stop.signal,
    );
    await until(() => snapshots === 1);
    const child = startChild('put', file, 400);
    expect(await child.ended).toBe(0);
    const { entries, rev } = await state.list('ctl/');
    await until(() => revs.at(-1) === String(rev), 'the last revision');
    stop.abort();
    expect(revs).toEqual(child.lines());
    expect([...keys.values()].sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual(entries);
    expect(snapshots).toBe(1);
  },
);

test('opens one new file from several processes at once', { timeout: 60_000 }, async () => {
  const file = temporaryFile();
  const children = Array.from({ length: 4 }, () => startChild('put', file, 5));
  for (const child of children) expect([await child.ended, child.stderr()]).toEqual([0, '']);
  expect(new Set(children.flatMap((child) => child.lines())).size).toBe(20);
});
