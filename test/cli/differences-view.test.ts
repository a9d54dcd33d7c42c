import { expect, test } from 'vitest';
import { safe } from '../../src/cli/format.ts';
import { paintWith } from '../../src/cli/paint.ts';
import { askedFor, chosen } from '../../src/cli/chosen-classes.ts';
import { differenceText, explainText } from '../../src/cli/views/difference.ts';
import { lastDay } from '../../src/cli/commands/ignore.ts';
import { differencesText, verdictLine } from '../../src/cli/views/differences.ts';
import { missingOf } from '../../src/control/reproduce.ts';
import type { DifferenceDetail, Differences } from '../../src/control/schema/differences.ts';

const plain = paintWith(false);

const difference = { kind: 'json_type', path: '/total', legacy: '10.5', candidate: null } as const;
const found: Differences['classes'][number] = {
  id: '0123456789abcdef',
  route: 'api',
  endpoint: 'GET /orders/{id}',
  kind: 'json_type',
  path: '/total',
  count: 412,
  firstSeenMs: Date.UTC(2026, 10, 23, 14, 2, 11),
  lastSeenMs: Date.UTC(2026, 10, 23, 14, 2, 26),
  example: {
    requestId: 'a1-7',
    atMs: Date.UTC(2026, 10, 23, 14, 2, 11),
    direction: 'shadow',
    epoch: 2,
    method: 'GET',
    target: '/orders/17',
    difference,
  },
};

test('differences are a table with the largest class first', () => {
  const differences: Differences = { schemaVersion: 1, compared: 3_002, total: 2, classes: [found] };
  expect(differencesText(differences, plain)).toMatchInlineSnapshot(`
    "ID                COUNT  SHARE  VERDICT  KIND       ENDPOINT          PATH    LEGACY -> CANDIDATE  LAST SEEN
    0123456789abcdef    412      -  -        json_type  GET /orders/{id}  /total  10.5 -> (absent)     2026-11-23 14:02:26Z
    the largest 1 of 2 classes in 3,002 compared pairs; look at one: cutover differences show ID
    "
  `);
});

test('without a class the number of compared pairs is told', () => {
  const none: Differences = { schemaVersion: 1, compared: 1, total: 0, classes: [] };
  expect(differencesText(none, plain)).toBe('no differences in 1 compared pair\n');
});

test('one class is shown with both values and a curl per lane', () => {
  const detail: DifferenceDetail = {
    schemaVersion: 1,
    class: found,
    reproduce: {
      legacy: 'curl -s http://127.0.0.1:8081/orders/17',
      candidate: 'curl -s http://127.0.0.1:7001/orders/17',
    },
  };
  expect(differenceText(detail, plain, 80)).toMatchInlineSnapshot(`
    "Class      0123456789abcdef   json_type at /total
    Verdict    not seen in this epoch
    Endpoint   GET /orders/{id}   route api
    Seen       412 times, first 2026-11-23 14:02:11Z, last 2026-11-23 14:02:26Z

    Example    first: request a1-7 (shadow) at 2026-11-23 14:02:11Z
    Request    GET /orders/17
              LEGACY                              CANDIDATE
    > /total  10.5                                (absent)

    Reproduce:
      curl -s http://127.0.0.1:8081/orders/17
      curl -s http://127.0.0.1:7001/orders/17
      or: cutover differences replay 0123456789abcdef
    "
  `);
});

const judgement = {
  verdict: 'noise',
  reason: 'NOISE',
  pattern: null,
  epoch: 2,
  pairs: 90,
  ofPairs: 1_000,
  share: { estimate: 0.09, low: 0.06, high: 0.13 },
  triples: 1_000,
  plus: 8,
  minus: 9,
  both: 82,
  candidate: { estimate: 0.09, low: 0.05, high: 0.14 },
  noise: { estimate: 0.091, low: 0.05, high: 0.14 },
  excess: { estimate: -0.001, low: -0.02, high: 0.02 },
  latency: {
    legacy: { samples: 90, p50Ms: 3.1, p99Ms: null },
    candidate: { samples: 90, p50Ms: 4, p99Ms: null },
  },
} as const;

test('a class with triples says what share it has, and learned rules wait for a person', () => {
  const noisy = { ...found, judgement };
  const rule = '{ path: "body/total", endpoints: ["GET /orders/{id}"], ignore: [json_type] }';
  const differences: Differences = {
    schemaVersion: 1,
    compared: 3_002,
    total: 1,
    classes: [noisy],
    proposals: [{ class: found.id, endpoint: found.endpoint, path: '/total', kind: 'json_type', rule }],
    rules: [
      {
        id: 'abcdefabcdef',
        path: 'headers/x-build',
        endpoints: [],
        does: 'ignore',
        reason: 'a build number',
        owner: 'team-shop',
        expiresMs: Date.UTC(2027, 1, 1),
        pairs: 0,
      },
    ],
    ignored: 12,
  };
  expect(differencesText(differences, plain)).toMatchInlineSnapshot(`
    "ID                COUNT  SHARE  VERDICT  KIND       ENDPOINT          PATH    LEGACY -> CANDIDATE  LAST SEEN
    0123456789abcdef    412  9.00%  noise    json_type  GET /orders/{id}  /total  10.5 -> (absent)     2026-11-23 14:02:26Z
    1 class in 3,002 compared pairs; look at one: cutover differences show ID

    Legacy itself shows 1 class as often. Rules that would ignore them, for you to accept:
      0123456789abcdef  { path: "body/total", endpoints: ["GET /orders/{id}"], ignore: [json_type] }
      cutover differences ignore ID --reason TEXT --owner NAME --expires 90d

    1 rule in force; in 12 pairs nothing differs but what they hide, which is no agreement
      abcdefabcdef  ignore headers/x-build: hid nothing in this epoch: is it still needed?; a build number (team-shop), until 2027-01-31
    "
  `);
  const detail: DifferenceDetail = { schemaVersion: 1, class: noisy, proposal: rule, reproduce: null };
  expect(explainText(detail)).toMatchInlineSnapshot(`
    "0123456789abcdef   json_type at /total
    GET /orders/{id}

    noise: legacy shows it when it is asked twice, and the candidate at the most half as often again.
    Of 1,000 triples of this endpoint (a request answered by legacy, the candidate and legacy again):
      only the candidate differed      8
      only legacy's second answer did  9
      both did                         82
    The candidate differs in           9.00% (5.00% to 14.00%)
    Legacy differs from itself in      9.10% (5.00% to 14.00%)
    Excess of the candidate            -0.10% (-2.00% to 2.00%)
    The bounds hold however often they are looked at; the class has its part of a 5% chance of error for all classes.
    Proposed rule: { path: "body/total", endpoints: ["GET /orders/{id}"], ignore: [json_type] }
    "
  `);
});

test('a class is shown with its examples side by side, in the width there is', () => {
  const answer = { status: 200, bodyBytes: 1_204, totalUs: 3_100 };
  const example = {
    ...found.example,
    target: '/orders/17?token=‹masked:query›',
    others: [{ kind: 'header_value', path: 'x-build', legacy: 'a '.repeat(30).trim(), candidate: 'b' }],
    legacy: answer,
    candidate: { ...answer, bodyBytes: 1_206 },
  } as NonNullable<typeof found.example>;
  const detail: DifferenceDetail = {
    schemaVersion: 1,
    class: { ...found, example, judgement },
    smallest: example,
    latest: { ...example, requestId: 'a1-9' },
    reproduce: { legacy: 'curl x', candidate: 'curl y', missing: ['the field cookie'] },
  };
  expect(differenceText(detail, plain, 72)).toMatchInlineSnapshot(`
    "Class      0123456789abcdef   json_type at /total
    Verdict    noise: the candidate differs in 9.00% of 1,000 triples, legacy from itself in 9.10%
    Endpoint   GET /orders/{id}   route api
    Seen       412 times, first 2026-11-23 14:02:11Z, last 2026-11-23 14:02:26Z
    Share      9.00% (6.00% to 13.00%): 90 of 1,000 pairs in epoch 2
    Latency    legacy p50 3.1 ms p99 -; candidate p50 4.0 ms p99 -; of the pairs that showed it

    Example    first, smallest: request a1-7 (shadow) at 2026-11-23 14:02:11Z
    Request    GET /orders/17?token=‹masked:query›
              LEGACY                          CANDIDATE
    > /total  10.5                            (absent)
    x-build   a a a a a a a a a a a a a a a   b
              a a a a a a a a a a a a a a a
    status    200                             200
    body      1,204 bytes                     1,206 bytes
    time      3.1 ms                          3.1 ms

    Example    latest: request a1-9 (shadow) at 2026-11-23 14:02:11Z
    Request    GET /orders/17?token=‹masked:query›
              LEGACY                          CANDIDATE
    > /total  10.5                            (absent)
    x-build   a a a a a a a a a a a a a a a   b
              a a a a a a a a a a a a a a a
    status    200                             200
    body      1,204 bytes                     1,206 bytes
    time      3.1 ms                          3.1 ms

    Reproduce (masked, so it is not in there: the field cookie):
      curl x
      curl y
      or: cutover differences replay 0123456789abcdef
    "
  `);
});

test.each([
  ['status', 'status', 'status'],
  ['status', 'status/302-200', 'status 302 -> 200'],
  ['regressed', 'status/200-500', 'regressed: status 200 -> 500'],
  ['json_type', '/total', 'json_type at /total'],
  ['json_invalid', '', 'json_invalid at the whole document'],
  ['encoding', 'content-encoding', 'encoding: content-encoding'],
  ['body_text', 'body', 'body_text: the body as a whole'],
] as const)('a class of %s at %j reads as a person would say it', (kind, path, said) => {
  const detail: DifferenceDetail = { schemaVersion: 1, class: { ...found, kind, path }, reproduce: null };
  expect(differenceText(detail, plain, 80).split('\n')[0]).toBe(`Class      0123456789abcdef   ${said}`);
});

test('what a server sent cannot command the terminal', () => {
  const evil = {
    ...found,
    endpoint: 'GET /\x1b[2J',
    path: '/\r/x',
    example: { ...found.example, target: '/\x07' },
  };
  const hostile = {
    ...evil,
    example: { ...evil.example, difference: { ...difference, legacy: '\x1b]0;owned\x07' } },
  };
  const detail = { schemaVersion: 1, class: hostile, reproduce: null } as DifferenceDetail;
  const list = { schemaVersion: 1, compared: 1, total: 1, classes: [hostile] } as Differences;
  expect(differenceText(detail, plain, 80) + differencesText(list, plain)).not.toMatch(/[^\P{Cc}\n]/u);
  expect(safe('a\x1bb')).toBe('a\\x1bb');
});

const example = {
  requestId: 'r',
  atMs: 0,
  direction: 'shadow',
  epoch: 1,
  method: 'POST',
  target: '/orders',
  difference: { kind: 'regressed', path: 'status/201-none', legacy: '201', candidate: 'upstream_reset' },
  legacy: { status: 201, bodyBytes: 4, totalUs: 1_000 },
  candidate: { status: 0, bodyBytes: 0, totalUs: -1 },
} as const;

test('a write says that its body is not kept, and does not lead to a replay that refuses', () => {
  const write = {
    ...found,
    endpoint: 'POST /orders',
    kind: 'regressed',
    path: 'status/201-none',
    example,
  } as const;
  const missing = missingOf(example);
  expect(missing).toEqual(['the body of the request']);
  const shown = differenceText(
    { schemaVersion: 1, class: write, reproduce: { legacy: 'curl x', candidate: 'curl y', missing } },
    plain,
    80,
  );
  expect(shown).toContain('regressed: status 201 -> none');
  expect(shown).toMatch(/status +201 +no answer/);
  expect(shown).toContain('Reproduce (masked or not kept, so it is not in there: the body of the request):');
  expect(shown).toContain('give a body of your own');
  expect(shown).not.toContain('cutover differences replay');
  expect(missingOf({ ...example, method: 'GET' })).toEqual([]);
});

test('a write without triples says that writes are not asked twice, and a read which option it takes', () => {
  const untold = { ...judgement, verdict: 'undecided', reason: 'NO_TRIPLES', triples: 0 } as const;
  const line = (endpoint: string): string => verdictLine({ endpoint, judgement: untold });
  expect(line('POST /orders')).toContain('writes are not asked twice');
  expect(line('GET /orders')).toContain('rollout.shadow.noise');
});

test('the list says why a class has no verdict, and what it lacks', () => {
  const classes = (['not_seen', 'hidden', 'many_places'] as const).map((absent) => ({ ...found, absent }));
  const lost = { gaveWay: 300, unjudged: 2 };
  const text = differencesText({ schemaVersion: 1, compared: 9, total: 3, classes, lost }, plain);
  for (const part of ['not in this epoch', 'hidden by a rule', 'many places']) expect(text).toContain(part);
  expect(text).toContain('300 classes of this epoch made room for newer ones');
  expect(text).toContain('later ones have no verdict');
});

test.each([
  ['2027-01-10T00:00:00Z', 1],
  ['2027-01-10T23:59:59Z', 1],
])('a rule of one day written at %s holds for the whole of the next day', (now, days) => {
  const day = lastDay(Date.parse(now) + days * 86_400_000);
  expect(day).toBe('2027-01-11');
});

test('the list is narrowed by endpoint, kind and verdict, and paged, and says how many match', () => {
  const classes = [
    { ...found, judgement },
    { ...found, id: '1', endpoint: 'GET /carts' },
    { ...found, id: '2', kind: 'json_value' } as const,
    { ...found, id: '3' },
  ];
  const all: Differences = { schemaVersion: 1, compared: 9, total: 4, classes };
  const ids = (choice: Partial<Parameters<typeof chosen>[1]>): string[] =>
    chosen(all, { limit: 50, ...choice }).classes.map(({ id }) => id);
  expect(ids({})).toHaveLength(4);
  expect(ids({ endpoint: '/carts' })).toEqual(['1']);
  expect(ids({ kind: 'json_value' })).toEqual(['2']);
  expect(ids({ verdict: 'noise' })).toEqual([found.id]);
  expect(ids({ endpoint: '/orders', offset: 1, limit: 1 })).toEqual(['2']);
  expect([askedFor({ limit: 7 }), askedFor({ limit: 7, offset: 0 })]).toEqual([7, 1_000]);
  const text = differencesText(chosen(all, { limit: 1, endpoint: '/orders' }), plain);
  expect(text).toContain('1 of 3 that match, of 4 classes');
  expect(differencesText(chosen(all, { limit: 1, endpoint: '/none' }), plain)).toBe(
    '0 of 0 that match, of 4 classes\n',
  );
});
