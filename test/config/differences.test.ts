import { expect, test } from 'vitest';
import { compiled, everyProblemOf, SMALLEST, told } from './kit.ts';

/** A configuration with these lines as its only rule. */
function withRule(...lines: string[]): string {
  return `${SMALLEST}differences:\n  rules:\n    - ${lines.join('\n      ')}\n`;
}

const REASON = 'reason: rounding moved into the database';

test('a rule of each kind becomes plain data with an id of its own', () => {
  const text = `${SMALLEST}differences:
  rules:
    - { path: body/a, ignore: true, reason: r, owner: team-shop, expires: 2099-12-31 }
    - { path: body/a, ignore: [json_value, json_type], reason: r }
    - { path: body/a, round: 2, reason: r, endpoints: ["GET /users/{id}"] }
    - { path: body/a, sort: true, reason: r }
    - { path: body/a, unordered: true, reason: r }
    - { path: body/a, keyedBy: id, reason: r }
    - { path: body/a, lower: true, reason: r }
    - { path: body/a, trim: true, reason: r }
    - { path: body/a, regex: "v[0-9]+", replace: "v*", reason: r }
    - { path: body/a, regex: "v[0-9]+", reason: r }
    - { path: body/a, tolerance: 0.01, reason: r }
    - { path: body/a, tolerance: 1%, reason: r }
    - { path: body/a, tolerance: 5s, reason: r }
`;
  const { rules = [] } = compiled(text).gateway;
  expect(rules.map(({ action }) => action)).toEqual([
    { do: 'ignore', kinds: [] },
    { do: 'ignore', kinds: ['json_value', 'json_type'] },
    { do: 'round', decimals: 2 },
    { do: 'sort' },
    { do: 'unordered' },
    { do: 'keyedBy', field: 'id' },
    { do: 'lower' },
    { do: 'trim' },
    { do: 'regex', pattern: 'v[0-9]+', replace: 'v*' },
    { do: 'regex', pattern: 'v[0-9]+', replace: '' },
    { do: 'tolerance', unit: 'number', most: 0.01 },
    { do: 'tolerance', unit: 'share', most: 0.01 },
    { do: 'tolerance', unit: 'ms', most: 5_000 },
  ]);
  expect(rules[0]).toMatchObject({ owner: 'team-shop', expiresMs: Date.UTC(2100, 0, 1), endpoints: [] });
  expect(rules[2]?.endpoints).toEqual(['GET /users/{id}']);
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  for (const { id } of rules) expect(id).toMatch(/^[0-9a-f]{12}$/);
});

test('another rule begins a new epoch, another reason for it does not', () => {
  const hashOf = (...lines: string[]) => compiled(withRule(...lines)).gateway.hash;
  const hash = hashOf('path: body/a', 'round: 2', REASON);
  expect(hashOf('path: body/a', 'round: 2', 'reason: another one', 'owner: me')).toBe(hash);
  const others = [
    ['path: body/b', 'round: 2', REASON],
    ['path: body/a', 'round: 3', REASON],
    ['path: body/a', 'round: 2', REASON, 'endpoints: [GET /a]'],
    ['path: body/a', 'round: 2', REASON, 'expires: 2099-01-01'],
  ];
  for (const lines of others) expect(hashOf(...lines), lines.join()).not.toBe(hash);
  expect(compiled(SMALLEST).gateway.hash).not.toBe(hash);
});

test.each([
  [
    'no reason',
    ['path: body/a', 'ignore: true'],
    '6:7 the key "reason" is missing | for example: both sides round half to even',
  ],
  [
    'an unknown action',
    ['path: body/a', 'ingore: true', REASON],
    '7:7 unknown key "ingore" | did you mean "ignore"?',
  ],
  [
    'no action',
    ['path: body/a', REASON],
    '6:7 expected exactly one thing to do | write one of: ignore, round, sort, unordered, keyedBy, lower, trim, regex, tolerance',
  ],
  [
    'two actions',
    ['path: body/a', 'sort: true', 'trim: true', REASON],
    '6:7 expected exactly one thing to do | write one of: ignore, round, sort, unordered, keyedBy, lower, trim, regex, tolerance',
  ],
  ['an unknown kind', ['path: body/a', 'ignore: [json_vale]', REASON], '7:16 expected one of'],
  [
    'a place that is none',
    ['path: header/x-build', 'ignore: true', REASON],
    '6:13 "header" is no place where answers differ | did you mean "headers"?',
  ],
  [
    'a path without a place',
    ['path: items/*/price', 'ignore: true', REASON],
    '6:13 "items" is no place where answers differ | a path begins with headers/, body or status/: body/items/*/price, perhaps',
  ],
  [
    'a pointer',
    ['path: /items/*/price', 'ignore: true', REASON],
    '6:13 a rule path has no / at its start | write body/items/*/price or headers/items/*/price',
  ],
  [
    'an empty part',
    ['path: body//a', 'ignore: true', REASON],
    '6:13 a part of this path is empty | write one / between parts and none at the end',
  ],
  [
    'everything',
    ['path: "**"', 'ignore: true', REASON],
    '6:13 this path is everything, so that nothing would be compared | name what may differ: body/updatedAt, headers/x-build',
  ],
  [
    'every header',
    ['path: headers/*', 'ignore: true', REASON],
    '6:13 this path is every header | name one: headers/x-build, or headers/x-debug-*',
  ],
  [
    'a header that is never compared',
    ['path: headers/Date', 'ignore: true', REASON],
    '6:13 this rule can never match: date is not compared in any case | remove the rule',
  ],
  [
    'no header name',
    ['path: headers/x build', 'ignore: true', REASON],
    '6:13 "x build" is no header name | write it as in headers/x-build',
  ],
  [
    'half a status',
    ['path: status/404', 'ignore: true', REASON],
    '6:13 this is no pair of statuses | write legacy and candidate: status/200-204, or status/200-20*',
  ],
  [
    'a status to round',
    ['path: status/200-204', 'round: 1', REASON],
    '7:7 this rule can never match: a status can only be ignored | write ignore: true',
  ],
  [
    'a header of objects',
    ['path: headers/x-a', 'keyedBy: id', REASON],
    '7:7 this rule can never match: a header is no list of objects | write sort: true or unordered: true',
  ],
  [
    'no pattern',
    ['path: body/a', 'regex: "(?=a)b"', REASON],
    '7:14 this is no pattern: invalid or unsupported Perl syntax: `(?=` | patterns are RE2’s: no look-around and no back-references',
  ],
  [
    'replace alone',
    ['path: body/a', 'trim: true', 'replace: x', REASON],
    '6:7 replace goes with regex | add regex: PATTERN, or remove replace',
  ],
  [
    'no tolerance',
    ['path: body/a', 'tolerance: 5 apples', REASON],
    '7:18 expected a number, a share or a duration | for example: 0.01, 1% or 5s',
  ],
  [
    'no date',
    ['path: body/a', 'trim: true', 'expires: tomorrow', REASON],
    '8:16 expected a date | for example: 2027-01-31',
  ],
  [
    'a day that the calendar has not',
    ['path: body/a', 'trim: true', 'expires: 2027-02-30', REASON],
    '8:16 there is no such day | for example: 2027-01-31',
  ],
  [
    'no endpoint',
    ['path: body/a', 'trim: true', 'endpoints: [/users]', REASON],
    '8:19 this is no endpoint | write the method before it: GET /users',
  ],
  [
    'an endpoint in small letters',
    ['path: body/a', 'trim: true', 'endpoints: [get /users]', REASON],
    '8:19 this is no endpoint | write the method in capitals: GET /users',
  ],
  [
    'an endpoint with an id',
    ['path: body/a', 'trim: true', 'endpoints: [GET /users/123]', REASON],
    '8:19 this rule can never match: ids are folded in endpoints | write: GET /users/{id}',
  ],
  [
    'an endpoint that is not copied',
    ['path: body/a', 'trim: true', 'endpoints: [POST /users]', REASON],
    '8:19 this rule can never match: POST is not copied, and so not compared | set copyWrites: true on its route, or remove the endpoint',
  ],
])(
  'says what is wrong with a rule that has %s, where it stands, and what to write',
  (_what, lines, expected) => {
    const said = told(withRule(...lines));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(expected);
  },
);

const ROUTED = `listen: [{ address: 127.0.0.1:8080 }]
legacy: { servers: [http://127.0.0.1:8081] }
candidate:
  upstreams: { shop: { servers: [http://127.0.0.1:7001] } }
  routes:
    - { name: api, match: { path: /api/, methods: [GET, POST] }, upstream: shop, copyWrites: true }
    - { name: page, match: { path: /u/12345/page }, upstream: shop }
differences:
  rules:
    - path: body/a
      trim: true
      reason: r
      endpoints: ["ENDPOINT"]
`;

test.each([
  ['GET /api/items/{id}', null],
  ['POST /api/items', null],
  ['GET /**', null],
  ['* /api', null],
  ['* /**/items', null],
  ['GET /u/{id}/page/x', null],
  ['GET /apj/items', 'this rule can never match: no route takes /apj/items | '],
  ['GET /', 'this rule can never match: no route takes / | '],
  ['PUT /api/items', 'this rule can never match: no route takes PUT there | '],
])('an endpoint %s of a rule is held against the routes', (endpoint, expected) => {
  const said = told(ROUTED.replace('ENDPOINT', endpoint));
  if (expected === null) expect(said).toEqual([]);
  else expect(said[0]).toContain(expected);
});

test.each([
  [
    'body/a',
    'ignore: [header_value]',
    '7:16 this rule can never match: header_value is never found at body/a | did you mean "json_value"?',
  ],
  [
    'headers/x-a',
    'ignore: [json_value]',
    '7:16 this rule can never match: json_value is never found at headers/x-a | did you mean "header_value"?',
  ],
  [
    'status/200-500',
    'ignore: [json_value]',
    '7:16 this rule can never match: json_value is never found at status/200-500 | write regressed',
  ],
  ['status/200-500', 'ignore: [status]', 'status is never found at status/200-500 | write regressed'],
  ['status/500-200', 'ignore: [status]', 'status is never found at status/500-200 | write improved'],
  ['status/200-401', 'ignore: [status]', 'status is never found at status/200-401 | write denied'],
  ['status/403-200', 'ignore: [status]', 'status is never found at status/403-200 | write admitted'],
  [
    'headers/Set-Cookie/sid',
    'ignore: [header_value]',
    'header_value is never found at headers/Set-Cookie/sid | write cookie',
  ],
  [
    'body/a',
    'ignore: [json_invalid]',
    'json_invalid is never found at body/a | json_invalid is about a document as a whole: path: body',
  ],
  ['body/a', 'ignore: [body_bytes]', 'body_bytes is never found at body/a | found there: json_value, '],
  [
    'headers/ETag',
    'round: 2',
    '7:7 this rule can never match: of etag only its being there is compared, and not its value | remove the rule; where it may be missing, write ignore: [header_missing, header_added]',
  ],
  [
    'headers/x-request-id',
    'lower: true',
    '7:7 this rule can never match: of x-request-id only its being there',
  ],
  ['headers/x-a/b', 'ignore: true', '6:13 this rule can never match: x-a has no parts | write headers/x-a'],
  [
    'status/200-999',
    'ignore: true',
    '6:13 999 is no status of HTTP: those are 100 to 599 | write legacy and candidate: status/200-204',
  ],
  ['status/7*-200', 'ignore: true', '6:13 7* is no status of HTTP'],
  ['status/200-200', 'ignore: true', '6:13 this rule can never match: equal statuses do not differ | '],
  [
    'status/500-5*',
    'ignore: true',
    '6:13 this rule can never match: where both lanes fail, neither is held against the other | ',
  ],
  ['body/a', "keyedBy: 'a//b'", '7:16 this rule can never match: a part of "a//b" is empty | write: a/b'],
  ['body/a', "keyedBy: '/id'", '7:16 this rule can never match: a part of "/id" is empty | write: id'],
  [
    'body/items[*]/price',
    'round: 2',
    '6:13 this rule can never match: "items[*]" is no key and no place in a list | elements of lists are written *: body/items/*/price',
  ],
  ['body/[*]/price', 'round: 2', 'elements of lists are written *: body/*/price'],
  [
    'body/~2',
    'round: 2',
    '6:13 this rule can never match: "~2" holds a ~ that escapes nothing | a ~ inside of a key is written ~0: body/~02',
  ],
  [
    'body/**',
    'ignore: true',
    '6:13 this path is every body, so that none would be compared | name what may differ: body/updatedAt',
  ],
  ['body/*', 'ignore: true', '6:13 this path is every body'],
  ['body', 'ignore: true', '6:13 this path is every body'],
])('a rule at %s that says %s is an error, with what to write instead', (path, action, expected) => {
  const said = told(withRule(`path: ${path}`, action, REASON));
  expect(said).toHaveLength(1);
  expect(said[0]).toContain(expected);
});

test.each([
  ['body', ['ignore: true', 'endpoints: [GET /a]']],
  ['body', ['ignore: [body_bytes, json_invalid]']],
  ['body/**', ['ignore: [json_value]']],
  ['body/**', ['round: 2']],
  ['body/encoded', ['ignore: [body_bytes]']],
  ['body/html/**', ['ignore: [body_text]']],
  ['body/a~0b~1c', ['trim: true']],
  ['body/items[0]', ['trim: true']],
  ['"**/id"', ['ignore: [json_value, header_value]']],
  ['headers/x-*', ['ignore: [cookie]']],
  ['headers/etag', ['ignore: [header_missing]']],
  ['headers/expires', ['tolerance: 5s']],
  ['headers/location/host', ['ignore: [redirect]']],
  ['headers/x-a/**', ['trim: true']],
  ['status/200-none', ['ignore: [regressed]']],
  ['status/5*-200', ['ignore: [improved]']],
  ['status/*-20*', ['ignore: [status]']],
  ['body/a', ['keyedBy: ref/id']],
])('a rule at %s that says %j can match, and nothing is said about it', (path, lines) => {
  const problems = everyProblemOf(withRule(`path: ${path}`, ...lines, REASON));
  expect(problems.filter((problem) => problem.path.startsWith('differences'))).toEqual([]);
});

test('a kind that is one too many beside others is a warning and no error', () => {
  const text = withRule('path: body/a', 'ignore: [json_value, header_value]', REASON);
  const problems = everyProblemOf(text).filter(({ path }) => path.startsWith('differences'));
  expect(problems).toMatchObject([
    { severity: 'warning', message: 'header_value is never found at body/a', line: 7, column: 28 },
  ]);
});

test('a rule that is over is told and not applied, and one that says the same twice is refused', () => {
  const over = withRule('path: body/a', 'trim: true', 'expires: 2020-02-29', REASON);
  expect(everyProblemOf(over).filter(({ path }) => path.startsWith('differences'))).toMatchObject([
    { severity: 'warning', message: 'this rule is over and is not applied', line: 8 },
  ]);
  expect(compiled(over).gateway.rules).toEqual([]);
  const rule = `{ path: body/a, trim: true, reason: r }`;
  const twice = `${SMALLEST}differences: { rules: [${rule}, ${rule.replace('reason: r', 'reason: s')}] }\n`;
  expect(told(twice)[0]).toContain('rules[0] does the same | remove one of the two');
});

test('a place in a list written as a number is pointed at', () => {
  const [problem] = everyProblemOf(withRule('path: body/items/0/price', 'round: 2', REASON)).filter(
    ({ path }) => path.startsWith('differences'),
  );
  expect(problem).toMatchObject({
    severity: 'warning',
    message: '"0" is a key of that name and no place in a list',
    hint: 'elements of lists are written *: body/items/*/price',
  });
});
