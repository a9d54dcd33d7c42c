import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RuleAction } from '../../src/core/rules.ts';
import { comparePair } from '../../src/diff/compare.ts';
import { compileRules } from '../../src/diff/rules.ts';
import { classes, JSON_FIELDS, pairOf } from './kit.ts';
import { compareUnder, IGNORE, jsonUnder, ruleOf } from './rules-kit.ts';

/** [action, path, legacy, candidate under the rule the same, candidate that still differs] */
const ACTIONS: [RuleAction, string, string, string, string][] = [
  [{ do: 'round', decimals: 2 }, 'body/a', '{"a":1.005}', '{"a":1.0099}', '{"a":1.004}'],
  [{ do: 'round', decimals: 0 }, 'body/a', '{"a":"2.5"}', '{"a":"3.4"}', '{"a":"2.4"}'],
  [{ do: 'round', decimals: 2 }, 'body/a', '{"a":-0.001}', '{"a":0}', '{"a":-0.006}'],
  [{ do: 'sort' }, 'body/a', '{"a":[1,2,2]}', '{"a":[2,1,2]}', '{"a":[1,1,2]}'],
  [{ do: 'unordered' }, 'body/a', '{"a":[1,2,2]}', '{"a":[2,1,1]}', '{"a":[1,3]}'],
  [
    { do: 'keyedBy', field: 'id' },
    'body',
    '[{"id":1,"n":"a"},{"id":2,"n":"b"}]',
    '[{"id":2,"n":"b"},{"id":1,"n":"a"}]',
    '[{"id":2,"n":"b"},{"id":1,"n":"x"}]',
  ],
  [
    { do: 'keyedBy', field: 'ref/id' },
    'body/*/list',
    '[{"list":[{"ref":{"id":1}},{"ref":{"id":2}}]}]',
    '[{"list":[{"ref":{"id":2.0}},{"ref":{"id":1}}]}]',
    '[{"list":[{"ref":{"id":2}},{"ref":{"id":3}}]}]',
  ],
  [{ do: 'lower' }, 'body/**/a', '{"x":{"a":"ÄB"}}', '{"x":{"a":"äb"}}', '{"x":{"a":"ab"}}'],
  [{ do: 'trim' }, 'body/a', '{"a":"x"}', '{"a":" x\\n"}', '{"a":"x y"}'],
  [
    { do: 'regex', pattern: '[0-9a-f]{8}', replace: '*' },
    'body/a',
    '{"a":"build 0123abcd ok"}',
    '{"a":"build 99999999 ok"}',
    '{"a":"build 99999999 failed"}',
  ],
  [{ do: 'tolerance', unit: 'number', most: 0.1 }, 'body/a', '{"a":1.0}', '{"a":1.1}', '{"a":1.1000001}'],
  [
    { do: 'tolerance', unit: 'number', most: 0.5 },
    'body/a',
    '{"a":9007199254740992}',
    '{"a":9007199254740992.5}',
    '{"a":9007199254740993}',
  ],
  [{ do: 'tolerance', unit: 'share', most: 0.01 }, 'body/a', '{"a":99}', '{"a":100}', '{"a":100.1}'],
  [{ do: 'tolerance', unit: 'share', most: 0.5 }, 'body/a', '{"a":1e-7}', '{"a":2e-7}', '{"a":-1e-7}'],
  [
    { do: 'tolerance', unit: 'ms', most: 5_000 },
    'body/a',
    '{"a":"2026-11-24T20:00:00Z"}',
    '{"a":"2026-11-24T21:00:05.000+01:00"}',
    '{"a":"2026-11-24T20:00:05.001Z"}',
  ],
  [
    { do: 'tolerance', unit: 'ms', most: 1_000 },
    'body/a',
    '{"a":1764014400}',
    '{"a":1764014401}',
    '{"a":1764014402}',
  ],
  [
    { do: 'tolerance', unit: 'ms', most: 1_000 },
    'body/a',
    '{"a":1764014400000}',
    '{"a":1764014401000}',
    '{"a":1764014401001}',
  ],
];

test.each(ACTIONS)(
  '%j at %s forgives what it says and nothing else',
  async (action, path, legacy, same, other) => {
    const rules = [ruleOf(path, action)];
    const forgiven = await jsonUnder(rules, legacy, same);
    expect(forgiven).toMatchObject({ found: 0, differences: [], ignored: [{ rule: path, hidden: 1 }] });
    expect((await jsonUnder([], legacy, same)).found).toBeGreaterThan(0);
    const seen = await jsonUnder(rules, legacy, other);
    expect(seen.found).toBeGreaterThan(0);
    const [there, back] = [await jsonUnder(rules, same, other), await jsonUnder(rules, other, same)];
    expect(there.found).toBe(back.found);
  },
);

test('what a rule ignores is counted under its id and never found', async () => {
  const rules = [ruleOf('body/items/*/id', IGNORE), ruleOf('headers/x-build', IGNORE)];
  const fields = (build: string) => [...JSON_FIELDS, 'X-Build', build];
  const result = await compareUnder(
    rules,
    { fields: fields('1'), body: '{"items":[{"id":1,"n":1},{"id":2}]}' },
    { fields: fields('2'), body: '{"items":[{"id":3,"n":2},{"id":4}]}' },
  );
  expect(classes(result)).toEqual(['json_value /items/*/n']);
  expect(result.found).toBe(1);
  expect(result.ignored.toSorted((one, other) => one.hidden - other.hidden)).toEqual([
    { rule: 'headers/x-build', hidden: 1 },
    { rule: 'body/items/*/id', hidden: 2 },
  ]);
});

test('an ignored place takes everything below it along, whether it is there or not', async () => {
  const rules = [ruleOf('body/meta', IGNORE)];
  for (const candidate of ['{"a":1}', '{"a":1,"meta":null}', '{"a":1,"meta":{"x":{"y":[2]}}}']) {
    const result = await jsonUnder(rules, '{"a":1,"meta":{"x":{"y":[1,2]},"z":0}}', candidate);
    expect(classes(result), candidate).toEqual([]);
    expect(result.ignored[0]?.hidden, candidate).toBeGreaterThan(0);
  }
  expect(classes(await jsonUnder(rules, '{"meta":1,"metal":1}', '{"meta":2,"metal":2}'))).toEqual([
    'json_value /metal',
  ]);
});

test('a rule for one kind leaves the other kinds alone', async () => {
  const rules = [ruleOf('body/a', { do: 'ignore', kinds: ['json_value'] })];
  expect((await jsonUnder(rules, '{"a":1}', '{"a":2}')).found).toBe(0);
  expect(classes(await jsonUnder(rules, '{"a":1}', '{"a":"1"}'))).toEqual(['json_type /a']);
  expect(classes(await jsonUnder(rules, '{"a":1}', '{}'))).toEqual(['json_missing /a']);
});

test('a rule holds at its endpoints only, and until its last day', async () => {
  const at = (endpoints: string[], endpoint: string) =>
    compileRules([ruleOf('body/a', IGNORE, { endpoints })], 0).then(
      (rules) =>
        comparePair(
          pairOf(
            { fields: JSON_FIELDS, body: '{"a":1}' },
            { fields: JSON_FIELDS, body: '{"a":2}' },
            { endpoint },
          ),
          rules,
        ).found,
    );
  expect(await at(['GET /users/{id}'], 'GET /users/{id}')).toBe(0);
  expect(await at(['GET /users/{id}'], 'HEAD /users/{id}')).toBe(1);
  expect(await at(['GET /users/*'], 'GET /users/{id}')).toBe(0);
  expect(await at(['GET /users/*'], 'GET /users/{id}/orders')).toBe(1);
  expect(await at(['* /users/**'], 'HEAD /users/{id}/orders')).toBe(0);
  expect(await at(['GET /other', 'GET /**'], 'GET /users')).toBe(0);
  const ending = ruleOf('body/a', IGNORE, { expiresMs: 1_000 });
  const pair = pairOf({ fields: JSON_FIELDS, body: '{"a":1}' }, { fields: JSON_FIELDS, body: '{"a":2}' });
  expect(comparePair(pair, await compileRules([ending], 999)).found).toBe(0);
  expect(comparePair(pair, await compileRules([ending], 1_000)).found).toBe(1);
});

test('headers, cookies, redirects and statuses have paths like bodies have', async () => {
  const both = (legacy: string[], candidate: string[], paths: string[], action: RuleAction = IGNORE) =>
    compareUnder(
      paths.map((path) => ruleOf(path, action)),
      { status: 302, fields: legacy },
      { status: 302, fields: candidate },
    ).then(classes);
  expect(await both(['X-Debug-Id', '1'], ['X-Debug-Id', '2'], ['headers/x-debug-*'])).toEqual([]);
  expect(await both(['X-Debug-Id', '1'], [], ['headers/X-Debug-ID'])).toEqual([]);
  const cookie = (age: number, path: string) => ['Set-Cookie', `sid=1; Max-Age=${age}; Path=${path}`];
  expect(await both(cookie(10, '/'), cookie(20, '/a'), ['headers/set-cookie/sid/max-age'])).toEqual([
    'cookie set-cookie/sid/path',
  ]);
  const near: RuleAction = { do: 'tolerance', unit: 'number', most: 10 };
  expect(await both(cookie(10, '/'), cookie(20, '/'), ['headers/set-cookie/*/max-age'], near)).toEqual([]);
  const location = (url: string) => ['Location', url];
  expect(await both(location('http://a/x'), location('http://b/y'), ['headers/location/host'])).toEqual([
    'redirect location/path',
  ]);
  const host: RuleAction = { do: 'regex', pattern: '^http://[^/]+', replace: '' };
  expect(await both(location('http://a/x'), location('http://b/x'), ['headers/location'], host)).toEqual([]);
  expect(await both(['X-Tags', 'a, b'], ['X-Tags', 'b,a'], ['headers/x-tags'], { do: 'sort' })).toEqual([]);
  const status = await compareUnder([ruleOf('status/200-204', IGNORE)], { status: 200 }, { status: 204 });
  expect(status).toMatchObject({ found: 0, ignored: [{ rule: 'status/200-204' }] });
  const reverse = await compareUnder([ruleOf('status/200-204', IGNORE)], { status: 204 }, { status: 200 });
  expect(classes(reverse)).toEqual(['status status/204-200']);
});

test('text, lines of JSON and places in pages can be ruled on', async () => {
  const text = ['content-type', 'text/plain'];
  const build: RuleAction = { do: 'regex', pattern: 'build \\d+', replace: '' };
  expect(
    (
      await compareUnder(
        [ruleOf('body', build)],
        { fields: text, body: 'é build 1' },
        { fields: text, body: 'é build 22' },
      )
    ).found,
  ).toBe(0);
  const lines = ['content-type', 'application/x-ndjson'];
  const ignored = await compareUnder(
    [ruleOf('body/*/at', IGNORE)],
    { fields: lines, body: '{"at":1,"n":1}\n{"at":2,"n":2}\n' },
    { fields: lines, body: '{"at":3,"n":1}\n{"at":4,"n":3}' },
  );
  expect(classes(ignored)).toEqual(['json_value /*/n']);
  const html = ['content-type', 'text/html'];
  const page = (token: string, title: string) =>
    `<html><head><title>${title}</title><meta name="csrf" content="${token}"></head><body><p>a</p><p>b</p></body></html>`;
  const rule = ruleOf('body/html/head/meta/@content', IGNORE);
  const result = await compareUnder(
    [rule],
    { fields: html, body: page('1', 'A') },
    { fields: html, body: page('2', 'B') },
  );
  expect(classes(result)).toEqual(['body_text body/html/head/title/#text']);
  expect(result.ignored).toEqual([{ rule: rule.path, hidden: 1 }]);
});

test('a list lines up by what its elements say without what is ignored in them', async () => {
  const item = (id: number, name: string) => ({ id, name });
  const legacy = [item(1, 'a'), item(2, 'b'), item(3, 'c')];
  const candidate = [item(9, 'new'), item(7, 'a'), item(8, 'b'), item(6, 'C')];
  const result = await jsonUnder(
    [ruleOf('body/*/id', IGNORE)],
    JSON.stringify(legacy),
    JSON.stringify(candidate),
  );
  expect(classes(result)).toEqual(['json_length ', 'json_value /*/name']);
});

test('a list without the field of its rule is compared as a list', async () => {
  const rules = [ruleOf('body', { do: 'keyedBy', field: 'id' })];
  expect(classes(await jsonUnder(rules, '[{"id":1},{"id":1}]', '[{"id":1},{"id":2}]'))).toEqual([
    'json_value /*/id',
  ]);
  expect(classes(await jsonUnder(rules, '[1,2]', '[2,1]'))).toEqual(['json_value /*']);
});

test('a pattern of a user takes linear time whatever the text is', async () => {
  const rules = [ruleOf('body/a', { do: 'regex', pattern: '(a+)+$', replace: '' })];
  const text = (end: string) => JSON.stringify({ a: `${'a'.repeat(30_000)}${end}` });
  const startedMs = performance.now();
  expect((await jsonUnder(rules, text('b'), text('c'))).found).toBe(1);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

const KEYS = ['a', 'b', 'id', 'x/y', '~', '__proto__', '12'];
const documents = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, 1, 1.5, 'a', 'A', ' a', ''),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 4 }),
  ),
})).value;
const globs = fc
  .array(fc.constantFrom('a', 'b', 'id', '*', '**', 'x~1y', '~0', '__*', '12'), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => ['body', ...parts].join('/'));

test('ignored paths never leak into classes, and with their rules gone the differences are back', async () => {
  let hidden = 0;
  await fc.assert(
    fc.asyncProperty(documents, documents, globs, async (one, other, glob) => {
      const [legacy, candidate] = [JSON.stringify({ r: one }), JSON.stringify({ r: other })];
      const plain = await jsonUnder([], legacy, candidate);
      const result = await jsonUnder([ruleOf(glob.replace('body', 'body/r'), IGNORE)], legacy, candidate);
      const count = result.ignored.reduce((sum, hit) => sum + hit.hidden, 0);
      hidden += count;
      const pattern = ignoredPointer(glob.replace('body', 'body/r'));
      for (const { path } of result.differences) expect(pattern.test(path), `${glob} ${path}`).toBe(false);
      if (plain.found === 0) expect(count).toBe(0);
      if (count === 0 && glob !== 'body/**') expect(result.found > 0).toBe(plain.found > 0);
    }),
    { numRuns: 1_500 },
  );
  expect(hidden).toBeGreaterThan(30);
});

/** Written anew from the documentation, with a regular expression, so that it shares nothing with the rules. */
function ignoredPointer(glob: string): RegExp {
  const parts = glob.split('/').slice(1);
  const source = parts.map((part) => {
    if (part === '**') return '(?:/[^/]*)*';
    return `/${part.replaceAll(/[.~$()|]/g, '\\$&').replaceAll('*', '[^/]*')}`;
  });
  return new RegExp(`^${source.join('')}(?:/.*)?$`);
}

test('rules never make a difference out of equality, and what they hide or leave adds up to something', async () => {
  const actions = ACTIONS.map(([action]) => action).filter(({ do: name }) => name !== 'regex');
  await fc.assert(
    fc.asyncProperty(
      documents,
      documents,
      globs,
      fc.constantFrom(...actions),
      async (one, other, glob, action) => {
        const rules = [ruleOf(glob.replace('body', 'body/r'), action)];
        const [legacy, candidate] = [JSON.stringify({ r: one }), JSON.stringify({ r: other })];
        expect(await jsonUnder(rules, legacy, legacy)).toMatchObject({ found: 0, ignored: [] });
        const [there, back] = [
          await jsonUnder(rules, legacy, candidate),
          await jsonUnder(rules, candidate, legacy),
        ];
        expect(there.found).toBe(back.found);
        if ((await jsonUnder([], legacy, candidate)).found === 0) expect(there.found).toBe(0);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a rule on a cookie sees its value, which nobody else does', async () => {
  const sent = (value: string) => ({ fields: ['Set-Cookie', `theme=${value}; Path=/`] });
  const lower = [ruleOf('headers/set-cookie/theme', { do: 'lower' })];
  expect((await compareUnder(lower, sent('Dark'), sent('dark'))).found).toBe(0);
  const { found, differences } = await compareUnder(lower, sent('dark'), sent('light'));
  expect(found).toBe(1);
  expect(JSON.stringify(differences)).not.toMatch(/dark|light/);
});

test('what differs is found or hidden, whatever several rules say about one place', async () => {
  const actions: RuleAction[] = [
    IGNORE,
    { do: 'unordered' },
    { do: 'sort' },
    { do: 'keyedBy', field: 'id' },
    { do: 'tolerance', unit: 'number', most: 0.6 },
    { do: 'lower' },
  ];
  const rule = fc.tuple(globs, fc.constantFrom(...actions));
  let silent = 0;
  await fc.assert(
    fc.asyncProperty(documents, documents, fc.array(rule, { maxLength: 3 }), async (one, other, said) => {
      const rules = said.map(([glob, action]) => ruleOf(glob.replace('body', 'body/r'), action));
      const [legacy, candidate] = [JSON.stringify({ r: one }), JSON.stringify({ r: other })];
      const { found, ignored } = await jsonUnder(rules, legacy, candidate);
      if (found > 0 || ignored.length > 0) return;
      silent += 1;
      expect((await jsonUnder([], legacy, candidate)).found, JSON.stringify(said)).toBe(0);
    }),
    { numRuns: 3_000 },
  );
  expect(silent).toBeGreaterThan(50);
});

test('a list that is ignored and taken as a set counts as hidden where it differs', async () => {
  const rules = (path: string) => [
    ruleOf(path, IGNORE, { id: 'ignored' }),
    ruleOf('body/a', { do: 'unordered' }, { id: 'set' }),
  ];
  expect(await jsonUnder(rules('body/a'), '{"a":[1,5]}', '{"a":[2,5]}')).toMatchObject({
    found: 0,
    ignored: [{ rule: 'ignored', hidden: 1 }],
  });
  for (const candidate of ['{"a":[2,5]}', '{"a":[1,5,6]}', '{"a":[1]}']) {
    const { found, ignored } = await jsonUnder(rules('body/a/*'), '{"a":[1,5]}', candidate);
    expect([found, ignored.length > 0], candidate).toEqual([0, true]);
  }
});

test('in a set, what is tolerated stands for no other element', async () => {
  const rules = [
    ruleOf('body/a', { do: 'unordered' }),
    ruleOf('body/a/*', { do: 'tolerance', unit: 'number', most: 0.1 }),
  ];
  expect(classes(await jsonUnder(rules, '{"a":[1,5]}', '{"a":[2,5]}'))).toEqual(['json_value /a/*']);
  expect((await jsonUnder(rules, '{"a":[1,5]}', '{"a":[1.05,5]}')).found).toBe(0);
});

test('a set inside of a set repeats what it likes, and a sorted list inside of one does not', async () => {
  const sets = [ruleOf('body/**', { do: 'unordered' })];
  const [legacy, candidate] = ['[-0,[null],[]]', '[[null],[],-0,[null,null]]'];
  expect(await jsonUnder(sets, legacy, candidate)).toMatchObject({
    found: 0,
    ignored: [{ rule: 'body/**' }],
  });
  expect((await jsonUnder(sets, '[[1,2],[2,1,1]]', '[[2,1]]')).found).toBe(0);
  expect((await jsonUnder(sets, '[[1,2],[3]]', '[[2,1]]')).found).toBe(1);
  const sorted = [ruleOf('body', { do: 'unordered' }), ruleOf('body/*', { do: 'sort' })];
  expect((await jsonUnder(sorted, '[[1,2],[2,1]]', '[[1,2]]')).found).toBe(0);
  expect(classes(await jsonUnder(sorted, '[[1,2],[2,1,1]]', '[[1,2]]'))).toEqual(['json_length ']);
});
