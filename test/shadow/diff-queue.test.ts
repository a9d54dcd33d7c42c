import { readFileSync, readdirSync } from 'node:fs';
import { getPriority } from 'node:os';
import { execFileSync } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import type { Pair, PairResult } from '../../src/core/observation.ts';
import {
  createDiffQueue,
  type DiffQueue,
  type DiffQueueOptions,
  type DropReason,
  type PairMeta,
} from '../../src/shadow/diff-queue.ts';
import { JSON_FIELDS, pairOf } from '../diff/kit.ts';
import { until } from '../kit/until.ts';

/** A thread that starts on a busy machine must not be taken for one that hangs. */
const SLOW_START_MS = 1_500;
const FAULTY = new URL('threads/faulty-thread.ts', import.meta.url);

/** A queue, and the end of every pair by request id. */
interface Rig {
  queue: DiffQueue;
  compared: Map<string, PairResult>;
  dropped: Map<string, DropReason>;
  metas: PairMeta[];
  /** Ends reported, each one counted. */
  ends: string[];
  failures: string[];
}

const open: DiffQueue[] = [];
afterEach(async () => {
  for (const queue of open.splice(0)) await queue.close();
});

function rig(options: Partial<DiffQueueOptions> = {}): Rig {
  const parts = {
    compared: new Map<string, PairResult>(),
    dropped: new Map<string, DropReason>(),
    metas: [] as PairMeta[],
    ends: [] as string[],
    failures: [] as string[],
  };
  const queue = createDiffQueue({
    handler: {
      onCompared(pair, result) {
        parts.compared.set(pair.requestId, result);
        parts.metas.push(pair);
        parts.ends.push(pair.requestId);
      },
      onDropped(pair, reason) {
        parts.dropped.set(pair.requestId, reason);
        parts.ends.push(pair.requestId);
      },
    },
    onThreadFailed: (why) => parts.failures.push(why),
    ...options,
  });
  open.push(queue);
  return { queue, ...parts };
}

/** Equal by what it says and not by its bytes, so that the thread sees it. */
function named(requestId: string, candidate = '{"a": 1}'): Pair {
  const fields = JSON_FIELDS;
  return pairOf({ fields, body: '{"a":1}' }, { fields, body: candidate }, { requestId });
}

const drained = (queue: DiffQueue): Promise<boolean> =>
  until(() => queue.length === 0, 'an empty queue', 20_000);

test('compares pairs in a thread and gives each its own result', async () => {
  const { queue, compared, metas, ends } = rig();
  for (let index = 0; index < 200; index += 1) {
    const candidate = index % 10 === 0 ? '{"a":2}' : index % 3 === 0 ? '{"a": 1}' : '{"a":1}';
    expect(queue.push(named(`r-${index}`, candidate))).toBe(true);
  }
  await drained(queue);
  expect(ends).toHaveLength(200);
  for (const [id, result] of compared) {
    expect(result.requestId).toBe(id);
    expect(result.found).toBe(Number(id.slice(2)) % 10 === 0 ? 1 : 0);
  }
  expect(compared.get('r-10')?.differences[0]).toMatchObject({
    kind: 'json_value',
    path: '/a',
    candidate: '2',
  });
  expect(metas[0]).toMatchObject({ route: 'api', legacy: { status: 200, totalUs: 20 } });
  expect(metas[0]?.legacy).not.toHaveProperty('body');
});

test('a conditional request keeps being one, and a failure that was mended is told from others', async () => {
  const { queue, compared, metas } = rig();
  const etag = { fields: ['etag', '"a"'] };
  const revalidated = { requestId: 'revalidated', conditional: true };
  queue.push(pairOf(etag, { ...etag, status: 304 }, revalidated));
  queue.push(pairOf({ status: 500 }, {}, { requestId: 'mended' }));
  queue.push(pairOf({}, { status: 500 }, { requestId: 'broken' }));
  await drained(queue);
  expect(compared.get('revalidated')).toMatchObject({ found: 0, improvedOnly: false });
  expect(compared.get('mended')).toMatchObject({ found: 1, improvedOnly: true });
  expect(compared.get('broken')).toMatchObject({ found: 1, improvedOnly: false });
  expect(metas.map(({ conditional }) => conditional)).toEqual([true, false, false]);
});

/** Equal by its bytes. */
const agreeing = (requestId: string): Pair => named(requestId, '{"a":1}');

test('pairs that are equal by their bytes are compared without the thread seeing them', async () => {
  const { queue, compared, failures } = rig({ threadUrl: FAULTY });
  for (const id of ['throw', 'exit', 'failed']) queue.push(agreeing(id));
  queue.push(named('seen'));
  await drained(queue);
  expect([...compared.keys()]).toEqual(['throw', 'exit', 'failed', 'seen']);
  expect([...compared.values()].map(({ found }) => found)).toEqual([0, 0, 0, 0]);
  expect(failures).toEqual([]);
});

test('an answer of the thread reaches its own pair when others around it were not sent', async () => {
  const { queue, compared } = rig();
  for (let index = 0; index < 64; index += 1) {
    queue.push(index % 5 === 3 ? named(`d-${index}`, '{"a":2}') : agreeing(`a-${index}`));
  }
  await drained(queue);
  for (const [id, { found }] of compared) expect(found, id).toBe(id.startsWith('d') ? 1 : 0);
});

test('a thread that dies costs the pairs that agree like the others: what is lost says nothing', async () => {
  const { queue, compared, dropped } = rig({ threadUrl: FAULTY, limits: { restartMinMs: 5 } });
  queue.push(agreeing('equal'));
  queue.push(named('exit'));
  await drained(queue);
  expect([...dropped.keys()]).toEqual(['equal', 'exit']);
  expect(compared.size).toBe(0);
});

test('a single pair does not wait for its batch to fill', async () => {
  const { queue, compared } = rig();
  queue.push(named('alone'));
  await until(() => compared.has('alone'), 'the result');
});

test('a queue without room refuses, and reports no end for what it refused', async () => {
  const { queue, ends } = rig({ threadUrl: FAULTY, limits: { queuePairs: 8, threadPairs: 32 } });
  for (let index = 0; index < 8; index += 1) expect(queue.push(named(`r-${index}`))).toBe(true);
  expect(queue.push(named('refused'))).toBe(false);
  await drained(queue);
  expect(ends).toHaveLength(8);
  expect(queue.push(named('again'))).toBe(true);
});

test('bodies that wait and bodies in the thread share one byte limit', async () => {
  const { queue, ends } = rig({ threadUrl: FAULTY, limits: { queueBytes: 3_000 } });
  const big = () => pairOf({ body: 'x'.repeat(1_000) }, { body: '' }, { requestId: 'big' });
  expect([queue.push(big()), queue.push(big()), queue.push(big()), queue.push(big())]).toEqual([
    true,
    true,
    true,
    false,
  ]);
  await drained(queue);
  expect(queue.push(big())).toBe(true);
  await drained(queue);
  expect(ends).toHaveLength(4);
});

test('no more pairs are handed over than the thread may have', async () => {
  const { queue, ends, dropped } = rig({
    threadUrl: FAULTY,
    limits: { threadPairs: 64, hangMs: SLOW_START_MS },
  });
  queue.push(named('hang'));
  for (let index = 1; index < 200; index += 1) queue.push(named(`r-${index}`));
  await drained(queue);
  expect(ends).toHaveLength(200);
  expect(dropped.size).toBe(64);
});

test.each(['throw', 'exit', 'hang', 'oom'])(
  'a thread that fails (%s) costs the pairs it had, and the next ones are compared by another',
  async (fault) => {
    const { queue, compared, dropped, ends, failures } = rig({
      threadUrl: FAULTY,
      limits: { hangMs: fault === 'hang' ? SLOW_START_MS : 20_000, restartMinMs: 5 },
    });
    for (let index = 0; index < 5; index += 1) queue.push(named(`before-${index}`));
    await drained(queue);
    queue.push(named(fault));
    queue.push(named('beside'));
    await until(() => dropped.has(fault), 'the drop', 20_000);
    for (let index = 0; index < 5; index += 1) queue.push(named(`after-${index}`));
    await drained(queue);
    expect(failures).toHaveLength(1);
    expect([...dropped]).toEqual([
      [fault, 'thread_failed'],
      ['beside', 'thread_failed'],
    ]);
    expect(compared.size).toBe(10);
    expect(ends).toHaveLength(12);
  },
);

test('every pair has exactly one end while the thread crashes again and again', async () => {
  const { queue, ends } = rig({ threadUrl: FAULTY, limits: { restartMinMs: 1, queuePairs: 2_000 } });
  const accepted: string[] = [];
  for (let round = 0; round < 10; round += 1) {
    for (let index = 0; index < 97; index += 1) {
      const id = index === 40 && round % 3 === 0 ? 'exit' : `r-${round}-${index}`;
      if (queue.push(named(id))) accepted.push(id);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await drained(queue);
  expect(ends.toSorted()).toEqual(accepted.toSorted());
});

test('a comparison that throws costs one pair', async () => {
  const { queue, compared, dropped } = rig({ threadUrl: FAULTY });
  for (const id of ['a', 'failed', 'b']) queue.push(named(id));
  await drained(queue);
  expect([...compared.keys()]).toEqual(['a', 'b']);
  expect([...dropped]).toEqual([['failed', 'thread_failed']]);
});

test('closing ends every pair at once and refuses new ones', async () => {
  const { queue, dropped, ends } = rig({ threadUrl: FAULTY, limits: { threadPairs: 64 } });
  queue.push(named('hang'));
  for (let index = 1; index < 100; index += 1) queue.push(named(`r-${index}`));
  await queue.close();
  expect(ends).toHaveLength(100);
  expect(new Set(dropped.values())).toEqual(new Set(['closed']));
  expect(queue.length).toBe(0);
  expect(queue.push(named('late'))).toBe(false);
  await queue.close();
});

test('a thread that does not start is told and tried again, with longer waits', async () => {
  const waits: number[] = [];
  const { queue, ends } = rig({
    threadUrl: new URL('threads/absent-thread.ts', import.meta.url),
    limits: { restartMinMs: 1 },
    onThreadFailed: (_why, retryInMs) => waits.push(retryInMs),
  });
  queue.push(named('a'));
  await until(() => waits.length >= 3, 'three attempts');
  expect(waits.slice(0, 3)).toEqual([1, 2, 4]);
  await queue.close();
  expect(ends).toEqual(['a']);
});

test('large documents are compared without holding up the event loop', async () => {
  const { queue, compared } = rig();
  queue.push(named('warm'));
  await drained(queue);
  const items = (offset: number) =>
    JSON.stringify(
      Array.from({ length: 12_000 }, (_, index) => ({ id: index + offset, text: 'x'.repeat(400) })),
    );
  const [legacy, candidate] = [items(0), items(1)];
  expect(legacy.length).toBeGreaterThan(5_000_000);
  const pair = pairOf({ fields: JSON_FIELDS, body: legacy }, { fields: JSON_FIELDS, body: candidate });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const started = performance.now();
  delay.enable();
  expect(queue.push({ ...pair, requestId: 'big' })).toBe(true);
  await until(() => compared.has('big'), 'the big result', 20_000);
  delay.disable();
  const tookMs = performance.now() - started;
  expect(compared.get('big')?.found).toBeGreaterThan(1);
  // Comparing here would hold the loop for most of that time; handing over is one copy of 10 MB.
  expect(delay.max / 1e6).toBeLessThan(Math.max(60, tookMs * 0.6));
});

test('the real thread outlives a stream of pairs without growing', async () => {
  const { queue, compared } = rig();
  let sent = 0;
  const burst = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      while (!queue.push(named(`r-${(sent += 1)}`, '{"a":2}'))) await drained(queue);
      compared.clear();
    }
    await drained(queue);
  };
  await burst(10_000);
  const before = process.memoryUsage().rss;
  await burst(30_000);
  expect((process.memoryUsage().rss - before) / 1024 ** 2).toBeLessThan(LIMITS.diffHeapMb);
});

test('an idle queue keeps no process alive', () => {
  const module = new URL('../../src/shadow/diff-queue.ts', import.meta.url).href;
  const script = `
    import { createDiffQueue } from ${JSON.stringify(module)};
    createDiffQueue({ handler: { onCompared() {}, onDropped() {} } });
    console.log('started');`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 });
  expect(output.toString()).toBe('started\n');
});

test.skipIf(process.platform !== 'linux')(
  'comparing gives way to the thread that serves clients',
  async () => {
    const { queue } = rig();
    queue.push(named('one', '{"a":2}'));
    await drained(queue);
    const nice = readdirSync('/proc/self/task').map((thread) => {
      const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1');
      return [Number(thread), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])] as const;
    });
    expect(nice.filter(([, value]) => value === Math.min(19, getPriority() + LIMITS.diffNice))).toHaveLength(
      1,
    );
  },
);
