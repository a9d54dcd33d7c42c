import { expect, onTestFinished, test } from 'vitest';
import { wallMs } from '../../src/core/clock.ts';
import type { Pair, PairResult } from '../../src/core/observation.ts';
import type { DifferenceRule } from '../../src/core/rules.ts';
import { createDiffQueue } from '../../src/shadow/diff-queue.ts';
import { RuleShelf } from '../../src/shadow/rule-shelf.ts';
import { JSON_FIELDS, pairOf } from '../diff/kit.ts';
import { IGNORE, ruleOf } from '../diff/rules-kit.ts';
import { until } from '../kit/until.ts';

function differing(requestId: string, rules?: readonly DifferenceRule[]): Pair {
  const [legacy, candidate] = ['{"at":1,"n":1}', '{"at":2,"n":1}'].map((body) => ({
    fields: JSON_FIELDS,
    body,
  }));
  return pairOf(legacy ?? {}, candidate ?? {}, { requestId, ...(rules === undefined ? {} : { rules }) });
}

function rig() {
  const results = new Map<string, PairResult>();
  const failures: string[] = [];
  const queue = createDiffQueue({
    handler: { onCompared: (pair, result) => results.set(pair.requestId, result), onDropped: () => {} },
    onThreadFailed: (why) => failures.push(why),
  });
  onTestFinished(() => queue.close());
  const drained = () => until(() => queue.length === 0, 'an empty queue', 20_000);
  return { queue, results, failures, drained };
}

test('each pair is compared under the rules its exchange began with, while they change', async () => {
  const { queue, results, failures, drained } = rig();
  const first = [ruleOf('body/at', IGNORE)];
  const second = [ruleOf('body/n', IGNORE)];
  const regex = [ruleOf('body/at', { do: 'regex', pattern: '.*', replace: '' }), ruleOf('body/*', IGNORE)];
  for (let index = 0; index < 90; index += 1) {
    const rules = [first, second, undefined, regex][index % 4];
    expect(queue.push(differing(`${index % 4} ${index}`, rules))).toBe(true);
  }
  await drained();
  expect(results.size).toBe(90);
  for (const [id, { found, ignored }] of results) {
    const hits = ignored.map(({ rule }) => rule);
    const expected = { 0: [0, ['body/at']], 1: [1, []], 2: [1, []], 3: [0, ['body/*']] }[Number(id[0])];
    expect([found, hits], id).toEqual(expected);
  }
  expect(failures).toEqual([]);
});

test('a thread that replaces another one knows the rules, too', async () => {
  const { queue, results, drained } = rig();
  const rules = [ruleOf('body/at', IGNORE)];
  queue.push(differing('before', rules));
  await drained();
  // The queue of a new worker process begins like this one: nothing was ever told to its thread.
  const other = rig();
  other.queue.push(differing('after', rules));
  await other.drained();
  expect([results.get('before')?.found, other.results.get('after')?.found]).toEqual([0, 0]);
});

test('a rule stops at its last moment although nobody reads the configuration again', async () => {
  const shelf = new RuleShelf();
  const nowMs = wallMs();
  const list = [ruleOf('body/at', IGNORE, { expiresMs: nowMs + 1_000 }), ruleOf('body/n', IGNORE)];
  shelf.put({ rules: 1, list });
  const isHidden = async (at: number, path: string) =>
    (await shelf.take(1, at))?.forEndpoint('GET /')?.stateOf('body_text', path)?.ignoring('body_text') !==
    null;
  expect([await isHidden(nowMs, 'body/at'), await isHidden(nowMs + 999, 'body/at')]).toEqual([true, true]);
  expect(await shelf.take(0, nowMs)).toBeNull();
  const after = (await shelf.take(1, nowMs + 1_000))?.forEndpoint('GET /');
  expect(after?.stateOf('body_text', 'body/at') ?? null).toBeNull();
  expect(after?.stateOf('body_text', 'body/n')?.ignoring('body_text')?.id).toBe('body/n');
  await expect(shelf.take(2, nowMs)).rejects.toThrow('rules 2 were not sent');
});
