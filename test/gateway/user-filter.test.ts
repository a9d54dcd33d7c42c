import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defineFilter, OptionError } from '../../src/core/filter-api.ts';
import type { FilterDefinition, FilterRequest } from '../../src/core/filter-api.ts';
import { definitionOf } from '../../src/core/filter-definition.ts';
import { fieldRefusal } from '../../src/core/filter-fields.ts';
import { runFilter } from '../../src/gateway/testing.ts';

const filter = (hooks: Partial<FilterDefinition>) => defineFilter({ name: 'mine', ...hooks });

test('the hooks run in their order, each once, with one object and one memory', async () => {
  const seen: [string, FilterRequest][] = [];
  const done = Promise.withResolvers<string | null>();
  const run = await runFilter(
    filter({
      onRequest(request) {
        seen.push(['request', request]);
        request.state.set('since', 1);
      },
      onUpstreamRequest(request) {
        seen.push(['upstream', request]);
        request.headers.set('X-Since', String(request.state.get('since')));
      },
      onResponse(request, response) {
        seen.push(['response', request]);
        response.headers.set('X-Status', String(response.status));
        response.headers.remove('server');
      },
      onDone(request, end) {
        seen.push(['done', request]);
        done.resolve(end.failed);
      },
    }),
    { server: { status: 201, headers: { Server: 'old', Vary: ['a', 'b'] }, body: 'made' } },
  );
  expect(await done.promise).toBeNull();
  expect(seen.map(([hook]) => hook)).toEqual(['request', 'upstream', 'response', 'done']);
  expect(new Set(seen.map(([, request]) => request)).size).toBe(1);
  expect(run.forwarded?.get('x-since')).toBe('1');
  expect(run.answer).toMatchObject({ status: 201, body: 'made' });
  expect(run.answer?.headers.get('x-status')).toBe('201');
  expect(run.answer?.headers.has('server')).toBe(false);
  expect(run.answer?.headers.all('vary')).toEqual(['a', 'b']);
  expect(run.outcomes).toEqual({ passed: 1 });
});

test('an answer ends the pipeline, and its own hooks still see it', async () => {
  let failed: unknown = 'never told';
  const run = await runFilter(
    filter({
      onRequest: ({ path, query }) => ({ status: 302, headers: { Location: `/new${path}?${query}` } }),
      onResponse: (_, { headers }) => headers.set('X-Seen', 'yes'),
      onDone: (_, end) => void (failed = end.failed),
    }),
    { url: '/a?b=1' },
  );
  expect(run.forwarded).toBeNull();
  expect(run.answer?.headers.get('location')).toBe('/new/a?b=1');
  expect(run.answer?.headers.get('x-seen')).toBe('yes');
  expect([run.outcomes, failed]).toEqual([{ answered: 1 }, null]);
});

const CASES: [string, Partial<FilterDefinition>, string, string][] = [
  ['throws at once', { onRequest: () => fail() }, 'threw', 'filter_failed'],
  ['rejects', { onRequest: () => Promise.reject(new Error('x')) }, 'threw', 'filter_failed'],
  ['never settles', { onRequest: () => new Promise(() => {}), budgetMs: 20 }, 'late', 'filter_timeout'],
  [
    'is a thenable that never settles',
    { onRequest: () => endless() as never, budgetMs: 20 },
    'late',
    'filter_timeout',
  ],
  ['throws nothing at all', { onRequest: () => fail(undefined) }, 'threw', 'filter_failed'],
  ['answers with a text', { onRequest: () => 'no' as never }, 'invalid', 'filter_failed'],
  ['answers 101', { onRequest: () => ({ status: 101 }) }, 'invalid', 'filter_failed'],
  ['answers 204 with a body', { onRequest: () => ({ status: 204, body: 'x' }) }, 'invalid', 'filter_failed'],
  [
    'splits its answer',
    { onRequest: () => ({ status: 302, headers: { Location: '/\r\nSet-Cookie: a=b' } }) },
    'invalid',
    'filter_failed',
  ],
  [
    'frames its answer',
    { onRequest: () => ({ status: 200, headers: { 'Content-Length': '0' } }) },
    'invalid',
    'filter_failed',
  ],
  ['throws before the server', { onUpstreamRequest: () => fail() }, 'threw', 'filter_failed'],
  ['is late before the server', { onUpstreamRequest: () => later() as never }, 'invalid', 'filter_failed'],
  ['throws at the answer', { onResponse: () => fail() }, 'threw', 'filter_failed'],
];

function fail(thrown: unknown = new Error('a defect')): never {
  throw thrown;
}
const later = () => Promise.resolve();
/** No promise, but awaited like one. */
// oxlint-disable-next-line unicorn/no-thenable -- that is the point
const endless = () => ({ then: () => {} });

test.each(CASES)(
  'a filter that %s refuses its request or lets it pass, by its word',
  async (_, hooks, outcome, code) => {
    const closed = await runFilter(filter(hooks));
    expect([closed.answer, closed.failed, closed.outcomes[outcome as 'late']]).toEqual([null, code, 1]);
    expect(closed.log[0]).toContain('filter mine on');
    const open = await runFilter(filter({ ...hooks, failure: 'open' }));
    expect(open.answer?.status).toBe(200);
    expect(open.outcomes[outcome as 'late']).toBe(1);
  },
);

test('what a filter does at the end harms nobody, at once or later', async () => {
  for (const onDone of [() => fail(), () => Promise.reject(new Error('later'))]) {
    const run = await runFilter(filter({ onDone }));
    expect(run.answer?.status).toBe(200);
  }
});

test('a filter that is late is told to stop, and what it does later changes nothing', async () => {
  const told = Promise.withResolvers<unknown>();
  const run = await runFilter(
    filter({
      budgetMs: 20,
      failure: 'open',
      async onRequest(request) {
        await new Promise((done) => request.signal.addEventListener('abort', done));
        try {
          request.headers.set('X-Late', 'yes');
        } catch (error) {
          told.resolve(error);
          throw error;
        }
      },
    }),
  );
  expect(String(await told.promise)).toContain('too late');
  expect(run.forwarded?.has('x-late')).toBe(false);
  expect(run.outcomes).toEqual({ late: 1 });
});

test('a hook that keeps everybody waiting for longer than its budget is counted', async () => {
  const busy = () => {
    const until = performance.now() + 15;
    while (performance.now() < until);
  };
  const run = await runFilter(
    filter({ budgetMs: 10, onRequest: busy, onResponse: busy, onUpstreamRequest() {} }),
  );
  expect([run.overruns, run.outcomes]).toEqual([2, { passed: 1 }]);
});

test('a failure of the server reaches the last hook and its code the client', async () => {
  const ends: (string | null)[] = [];
  const run = await runFilter(filter({ onDone: (_, { failed }) => void ends.push(failed) }), {
    server: 'upstream_reset',
  });
  expect([run.failed, ends]).toEqual(['upstream_reset', ['upstream_reset']]);
});

test('fields that say who the client is or where a message ends are not for filters to write', async () => {
  const names = [
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'Upgrade',
    'TE',
    'Trailer',
    'Host',
    'Expect',
    'Keep-Alive',
    'X-Forwarded-For',
    'X-Forwarded-Client-Cert',
    'Forwarded',
    'X-Real-IP',
    'X-Request-Id',
    'X-Cutover-Copy',
    'traceparent',
    'Via',
    'Client-Cert',
    'SSL-Client-Verify',
    'Proxy-Authorization',
  ];
  for (const name of names) {
    for (const act of ['set', 'append', 'remove'] as const) {
      const { failed } = await runFilter(
        filter({
          onRequest({ headers }) {
            if (act === 'remove') headers.remove(name);
            else headers[act](name, 'x');
          },
        }),
        { headers: { [name]: 'given' } },
      );
      expect(`${act} ${name} ${failed}`).toBe(`${act} ${name} filter_failed`);
    }
  }
});

test('no name and no value gets a line of its own into a message', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary-ascii', maxLength: 20 }),
      fc.string({ unit: 'binary-ascii', maxLength: 20 }),
      (name, value) => {
        if (fieldRefusal(name.toLowerCase(), value) !== null) return;
        expect(/^[!-~]+$/.test(name) && !name.includes(':')).toBe(true);
        // oxlint-disable-next-line no-control-regex -- that is the point
        expect(/[\x00-\x08\x0a-\x1f\x7f]/.test(value)).toBe(false);
      },
    ),
  );
  for (const value of ['a\r\nb', 'a\nb', 'a\0', 'a\x7f', 'ключ'])
    expect(fieldRefusal('x-a', value)).not.toBeNull();
  expect(fieldRefusal('x-a', 'plain\tword ü')).toBeNull();
});

test('what is no filter is told what it lacks', () => {
  const said = (exported: unknown) => {
    const found = definitionOf({ default: exported });
    return found.ok ? 'a filter' : found.message;
  };
  expect(said(filter({ onRequest: () => null }))).toBe('a filter');
  expect(said(undefined)).toBe('it has no default export that is a filter');
  expect(said(filter({}))).toBe('it has no hook: it would never do anything');
  expect(said({ name: 'a', onReqest: () => null })).toBe('a filter has no "onReqest"');
  expect(said({ name: 'a b', onRequest: () => null })).toBe('its name is missing or odd');
  expect(said({ name: 'a', onRequest: 1 })).toBe('its onRequest is no function');
  expect(said({ name: 'a', onResponse: async () => {} })).toBe(
    'its onResponse is async: nobody waits for it',
  );
  expect(said({ name: 'a', failure: 'ajar', onDone: () => {} })).toBe(
    'its failure is neither open nor closed',
  );
  for (const budgetMs of [0, 1.5, 60_000, '100'])
    expect(said({ name: 'a', budgetMs, onDone: () => {} })).toBe('its budgetMs is out of bounds');
});

test('a filter reads its options once, its hooks have them typed, and nobody changes those of others', async () => {
  const read: unknown[] = [];
  const geo = defineFilter({
    name: 'geo',
    parse(options) {
      read.push(options);
      if (!Array.isArray(options['deny'])) throw new OptionError('deny', 'expected a list');
      return { deny: new Set(options['deny'].map(String)) };
    },
    // Typed as the set that `parse` returns.
    onRequest: ({ options, region }) => (options.deny.has(region) ? { status: 451 } : null),
    onResponse: ({ options }, { headers }) => headers.set('X-Denied', String(options.deny.size)),
  });
  const options = { deny: ['mars'] };
  expect((await runFilter(geo, { options, region: 'mars' })).answer?.status).toBe(451);
  const passed = await runFilter(geo, { options, region: 'earth' });
  expect(passed.answer?.headers.get('x-denied')).toBe('1');
  expect(read).toEqual([options, options]);
  await expect(runFilter(geo)).rejects.toThrow('expected a list');
  const plain = filter({
    onRequest: ({ options: given }) => void ((given['deny'] as string[])[0] = 'earth'),
  });
  expect((await runFilter(plain, { options })).failed).toBe('filter_failed');
  expect(definitionOf({ default: { ...geo, parse: 7 } })).toMatchObject({ ok: false });
});
