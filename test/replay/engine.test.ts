import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import type { ReplayResult } from '../../src/replay/replay.ts';
import type { RouteConfig } from '../../src/core/snapshot.ts';
import { Router } from '../../src/gateway/router.ts';
import { route } from '../kit/snapshot.ts';
import { upstream } from '../kit/upstream.ts';
import { REPOSITORY, sharedData } from '../kit/shared-data.ts';
import { until } from '../kit/until.ts';
import { expectExact, replayed, scratch, started } from './engine-kit.ts';
import { get, gorText } from './kit.ts';

const items = Array.from({ length: 120 }, (_, at) => get(`/items/${at}`));
const answers = () => upstream().respond(({ target }) => ({ body: { target } }));

test('lanes that say the same give a report without a class', async () => {
  const lanes = { legacy: await started(answers()), candidate: await started(answers()) };
  const { tally, complete } = await replayed(scratch('a.gor', gorText(items)), lanes);
  expect(complete).toBe(true);
  expect(tally.counts).toMatchObject({
    read: 120,
    sent: 120,
    judged: 120,
    differing: 0,
    outcomes: { compared: 120 },
  });
  expect(tally.classes).toEqual([]);
  expect([lanes.legacy.count(), lanes.candidate.count()]).toEqual([120, 120]);
});

interface Case {
  readonly name: string;
  readonly candidate: ReturnType<typeof upstream>;
  readonly expected: object;
  readonly classes: readonly string[];
  readonly timeoutMs?: number;
}
const CASES: readonly Case[] = [
  {
    name: 'dead',
    candidate: upstream().refuses(),
    expected: { outcomes: { compared: 0 }, judged: 120, differing: 120, statusDiffering: 120 },
    classes: ['regressed status/200-none'],
  },
  {
    name: 'hanging',
    candidate: upstream().hangs(),
    timeoutMs: 400,
    expected: { outcomes: { candidate_timed_out: 120 }, judged: 120, statusDiffering: 120 },
    classes: ['regressed status/200-none'],
  },
  {
    name: 'lying',
    candidate: answers().lies({ field: 'target', value: '/lie' }),
    expected: { outcomes: { compared: 120 }, judged: 120, differing: 120, statusDiffering: 0 },
    classes: ['json_value /target'],
  },
  {
    name: 'failing',
    candidate: upstream().status(503, 'no'),
    expected: { outcomes: { compared: 120 }, differing: 120, statusDiffering: 120 },
    classes: ['regressed status/200-503'],
  },
  {
    name: 'resetting',
    candidate: upstream().resets('after-head'),
    expected: { outcomes: { candidate_failed: 120 }, differing: 120 },
    classes: ['regressed status/200-none'],
  },
  {
    name: 'talking garbage',
    candidate: upstream().garbage(),
    expected: { outcomes: { candidate_failed: 120 }, differing: 120 },
    classes: ['regressed status/200-none'],
  },
];

test.each(CASES)(
  'a candidate that is $name changes outcomes only, and cannot hide',
  async ({ candidate, expected, classes, timeoutMs = 20_000 }) => {
    const lanes = { legacy: await started(answers()), candidate: await started(candidate) };
    const { tally } = await replayed(scratch('a.gor', gorText(items)), lanes, { timeoutMs });
    expect(tally.counts).toMatchObject(expected);
    expect(tally.counts).toMatchObject({ read: 120, sent: 120, judged: 120 });
    expect(tally.classes.map(({ kind, path }) => `${kind} ${path}`)).toEqual(classes);
    expect(tally.statuses.legacy).toEqual({ 200: 120 });
    expect(lanes.legacy.count()).toBe(120);
  },
  30_000,
);

test('a flapping candidate is counted request by request', async () => {
  const flaps = upstream().respond(({ target }) =>
    Number(target.split('/').at(-1)) % 3 === 0 ? { status: 500, body: 'no' } : { body: { target } },
  );
  const lanes = { legacy: await started(answers()), candidate: await started(flaps) };
  const { tally } = await replayed(scratch('a.gor', gorText(items)), lanes);
  expect(tally.counts).toMatchObject({ judged: 120, differing: 40, statusDiffering: 40 });
  expect(tally.statuses.candidate).toEqual({ 200: 80, 500: 40 });
});

test('a legacy that fails is missing evidence and no fault of the candidate', async () => {
  const lanes = { legacy: await started(upstream().refuses()), candidate: await started(answers()) };
  const file = scratch('a.gor', gorText(items));
  const one = await replayed(file, lanes);
  expect(one.tally.counts).toMatchObject({ judged: 0, differing: 0 });
  expect(one.tally.classes).toEqual([]);
  const both = await replayed(file, { legacy: lanes.legacy, candidate: await started(upstream().refuses()) });
  expect(both.tally.counts.outcomes.both_failed).toBe(120);
});

test('answers too large to keep are told apart by their length and hash, unless they are coded', async () => {
  const large = (letter: string, headers = {}) =>
    upstream().respond(() => ({ body: letter.repeat(2 * 1024 * 1024), headers }));
  const file = scratch('a.gor', gorText(items.slice(0, 5)));
  const [legacy, candidate] = [await started(large('x')), await started(large('y'))];
  const small = await replayed(file, { legacy: await started(answers()), candidate });
  expect(small.tally.counts).toMatchObject({ judged: 5, differing: 5 });
  const other = await replayed(file, { legacy, candidate });
  expect(other.tally.counts).toMatchObject({ judged: 5, differing: 5, outcomes: { compared: 5 } });
  const same = await replayed(file, { legacy, candidate: await started(large('x')) });
  expect(same.tally.counts).toMatchObject({ judged: 5, differing: 0, outcomes: { compared: 5 } });
  const coded = { 'content-encoding': 'gzip' };
  const unknown = await replayed(file, {
    legacy: await started(large('x', coded)),
    candidate: await started(large('y', coded)),
  });
  expect(unknown.tally.counts).toMatchObject({ judged: 0, outcomes: { response_too_large: 5 } });
});

test('requests of one session reach each lane in their order, and sessions do not wait for each other', async () => {
  const requests = Array.from({ length: 60 }, (_, at) => get(`/${at}`, [['Cookie', `sid=user-${at % 6}`]]));
  const lanes = { legacy: await started(answers().slow(5)), candidate: await started(answers()) };
  const startedMs = monotonicMs();
  await replayed(scratch('a.gor', gorText(requests)), lanes, { concurrency: 6 });
  expect(monotonicMs() - startedMs).toBeLessThan(60 * 5 * 20);
  for (const lane of [lanes.legacy, lanes.candidate]) {
    for (let user = 0; user < 6; user += 1) {
      const seen = lane.requests
        .filter((each) => each.header('cookie') === `sid=user-${user}`)
        .map(({ target }) => Number(target.slice(1)));
      expect(seen).toEqual(seen.toSorted((one, other) => one - other));
      expect(seen).toHaveLength(10);
    }
  }
});

test('a rate is kept, and lateness against it is measured', async () => {
  const lanes = { legacy: await started(answers()), candidate: await started(answers()) };
  const startedMs = monotonicMs();
  await replayed(scratch('a.gor', gorText(items.slice(0, 30))), lanes, {
    pace: { kind: 'rate', perSecond: 60 },
  });
  expect(monotonicMs() - startedMs).toBeGreaterThanOrEqual(480);
});

test('the original pace is kept, at the speed that was asked for', async () => {
  const lanes = { legacy: await started(answers()), candidate: await started(answers()) };
  const pace = { kind: 'original', speed: 0.2, maxGapMs: Number.POSITIVE_INFINITY } as const;
  const startedMs = monotonicMs();
  await replayed(scratch('a.gor', gorText(items)), lanes, { pace });
  expect(monotonicMs() - startedMs).toBeGreaterThanOrEqual(590);
});

test('writes are sent to both lanes only where that was allowed, with their bodies', async () => {
  const lanes = { legacy: await started(answers()), candidate: await started(answers()) };
  const file = scratch(
    'a.gor',
    gorText([{ method: 'POST', target: '/orders', headers: [['Idempotency-Key', 'k']], body: 'n=1' }]),
  );
  expect((await replayed(file, lanes)).tally.counts).toMatchObject({ sent: 0, skipped: { method: 1 } });
  expect(lanes.legacy.count()).toBe(0);
  const policy = { writes: true, fallbackHost: '', host: null, seed: 7 };
  expect((await replayed(file, lanes, { policy })).tally.counts.sent).toBe(1);
  const keys = [lanes.legacy, lanes.candidate].map((lane) => lane.requests[0]?.header('idempotency-key'));
  expect([lanes.legacy.requests[0]?.body.toString(), new Set(keys).size]).toEqual(['n=1', 2]);
});

/** A run that is interrupted when the candidate has seen so many requests, and then goes on. */
async function interruptedRun(
  file: string,
  lanes: Parameters<typeof replayed>[1],
  after: number,
): Promise<[ReplayResult, ReplayResult]> {
  const stop = new AbortController();
  const first = replayed(file, lanes, { signal: stop.signal, concurrency: 4 });
  await until(() => lanes.candidate.count() >= after, 'some requests');
  stop.abort();
  const partial = await first;
  const resume = JSON.parse(JSON.stringify({ schemaVersion: 1, settings: {}, ...partial.resume }));
  return [partial, await replayed(file, lanes, { resume })];
}

test('a replay that was interrupted goes on, and comes to what an uninterrupted one comes to', async () => {
  const flaps = () =>
    upstream().respond(({ target }) =>
      target.endsWith('7') ? { status: 404, body: 'no' } : { body: { target } },
    );
  const file = scratch(
    'a.gor',
    gorText(Array.from({ length: 400 }, (_, at) => get(`/items/${at}`, [['Cookie', `sid=${at % 9}`]]))),
  );
  const lanes = { legacy: await started(answers().slow(3)), candidate: await started(flaps().slow(3)) };
  const [partial, resumed] = await interruptedRun(file, lanes, 60);
  expect(partial.complete).toBe(false);
  expect(partial.tally.counts.sent).toBeLessThan(400);
  expect(partial.tally.counts.skipped.interrupted).toBeGreaterThan(0);
  expect(resumed.complete).toBe(true);
  expect(lanes.candidate.count()).toBe(400);
  const whole = await replayed(file, lanes);
  const { latency: _one, ...rest } = whole.tally;
  const { latency: _other, ...gone } = resumed.tally;
  expect(gone).toEqual(rest);
}, 30_000);

test('requests that hang when the user has had enough are cut off, counted, and sent again later', async () => {
  const lanes = { legacy: await started(answers()), candidate: await started(upstream().hangs()) };
  const file = scratch('a.gor', gorText(items));
  const stop = new AbortController();
  const running = replayed(file, lanes, { signal: stop.signal, concurrency: 4, timeoutMs: 60_000 });
  await until(() => lanes.candidate.count() === 4, 'requests to hang');
  stop.abort();
  const { tally, resume } = await running;
  expect(tally.counts).toMatchObject({
    read: 120,
    sent: 4,
    judged: 0,
    outcomes: { interrupted: 4 },
    skipped: { interrupted: 116 },
  });
  expect([resume?.again.length, resume?.position, resume?.tally.counts.sent]).toEqual([120, 120, 0]);
}, 30_000);

test('the real captures go through two lanes, every request accounted for', async () => {
  const lanes = { legacy: await started(answers()), candidate: await started(answers()) };
  const gor = sharedData('traffic/isucon5.gor');
  const log =
    sharedData('traffic/apache_access.log') ?? join(REPOSITORY, 'test/fixtures/traffic/access-excerpt.log');
  for (const file of [log, ...(gor === null ? [] : [gor])]) {
    lanes.candidate.forget();
    const { tally, others } = await replayed(file, lanes, { limit: 1_500, concurrency: 32 });
    const { counts } = tally;
    expectExact(counts);
    expect([counts.outcomes.compared, counts.differing, counts.sent > 900]).toEqual([counts.sent, 0, true]);
    expect(lanes.candidate.count()).toBe(counts.sent);
    const lines = readFileSync(file, 'latin1').split('\n').length;
    expect(counts.read + others).toBeLessThanOrEqual(lines);
  }
}, 60_000);

test('endpoints are those of the route that headers and parameters choose, as in the gateway', async () => {
  const lanes = { legacy: await started(answers()), candidate: await started(answers()) };
  const match = { host: null, path: '/items', methods: [] };
  const by = (name: string, rest: Partial<RouteConfig['match']>): RouteConfig =>
    route(name, '/', { match: { ...match, ...rest }, endpoints: [`/items/{${name}}`] });
  const routes = [
    by('beta', { headers: [{ name: 'x-version', value: '2' }] }),
    by('asked', { query: [{ name: 'q', value: null }] }),
    by('rest', {}),
  ];
  const file = scratch(
    'a.gor',
    gorText([get('/items/1'), get('/items/2?q=1'), get('/items/3', [['X-Version', '2']])]),
  );
  const { tally } = await replayed(file, lanes, { router: new Router(routes, []) });
  expect(tally.endpoints.map(([endpoint]) => endpoint).toSorted()).toEqual([
    'GET /items/{asked}',
    'GET /items/{beta}',
    'GET /items/{rest}',
  ]);
});
