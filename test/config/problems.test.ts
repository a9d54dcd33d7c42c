import { expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { SMALLEST, everyProblemOf, load, problemsOf, told } from './kit.ts';

const ALL_KEYS =
  'known here: version, listen, admin, node, region, trustedProxies, workers, runDir, watch, store, legacy, candidate, filters, rollout, differences, timeouts, limits, accessLog, notify, siem, explainHeaders';

/** What is added to the smallest file (from its line 4 on), and what is said about it. */
const TABLE: readonly [string, string, string[]][] = [
  [
    'an event-loop delay that no worker can keep',
    'limits: { loopDelay: 1ms }',
    [
      '4:22 every busy worker is later than this: it would answer nearly everything 503 | write 100ms (if left out), 20ms at least, or 0ms for never',
    ],
  ],
  ['an event-loop delay that is low or off', 'limits: { loopDelay: 20ms }', []],
  ['no bound of the event-loop delay', 'limits: { loopDelay: 0ms }', []],
  [
    'heads and connects without an end',
    'timeouts: { head: 0ms, connect: 0ms }',
    [
      '4:19 a client that never completes its head holds its connection for ever | write 10s (if left out)',
      '4:33 a server that does not accept is waited for as long as the system tries, some two minutes | write 2s (if left out)',
    ],
  ],
  [
    'more connections of one address than of all',
    'limits: { connectionsPerAddress: 30000 }',
    [
      '4:34 this bound is never reached: a worker has 20000 connections | write less, or raise limits.connections',
    ],
  ],
  [
    'more exchanges than connections',
    'limits: { exchanges: 3000, connections: 2000 }',
    [
      '4:22 this bound is never reached: a worker has 2000 connections with one exchange each | write less, or raise limits.connections',
    ],
  ],
  ['an unknown key', 'workres: 2', ['4:1 unknown key "workres" | did you mean "workers"?']],
  [
    'an unknown key far from all others',
    'admin: { banana: 1 }',
    ['4:10 unknown key "banana" | known here: address, remote'],
  ],
  [
    'a repeated key',
    'workers: 1\nworkers: 2',
    ['5:1 this key stands here a second time | remove one of the two'],
  ],
  [
    'a number and a text that are one key',
    'filters: { 1: { bodyLimit: 1KiB }, "1": { bodyLimit: 2KiB } }',
    [
      '4:12 no route uses this filter | remove it, or name it in a route',
      '4:36 this key stands here a second time | remove one of the two',
    ],
  ],
  [
    'an alias without an end',
    'filters: { a: &a { module: ./a.ts, options: { again: *a } } }',
    ['4:54 this alias stands inside of what it means | '],
  ],
  [
    'a second document',
    '---\nworkers: 1',
    [
      '4:1 a second document begins here | a configuration is one: remove this line, and what belongs to another file',
    ],
  ],
  [
    'a number without its unit',
    'rollout: { window: 10 }',
    ['4:20 expected a duration | write it with its unit: 250ms, 30s, 5m, 24h, 7d'],
  ],
  [
    'a window that is no whole second',
    'rollout: { window: 1500ms }',
    ['4:20 expected whole seconds | for example: 10s'],
  ],
  ['a window out of bounds', 'rollout: { window: 11m }', ['4:20 expected a duration from 1s to 10m | ']],
  [
    'a share above all',
    'rollout: { shadow: { sample: 101% } }',
    ['4:30 expected a share | write it with its unit: 10%, 0.5%'],
  ],
  ['a key without a value', 'store:', ['4:1 there is no value | write one, or remove the key']],
  [
    'a list where a map belongs',
    'store: []',
    ['4:1 expected a map of keys | write the keys indented below it, or as { key: value }'],
  ],
  [
    'a word outside of its list',
    'rollout: { regional: { approval: requierd } }',
    ['4:34 expected one of: required, none | did you mean "required"?'],
  ],
  [
    'an address without a port',
    'admin: { address: 127.0.0.1 }',
    ['4:19 expected an address | write host and port: 127.0.0.1:9901'],
  ],
  [
    'an admin API for everybody',
    'admin: { address: 10.0.0.1:9901 }',
    [
      '4:19 the admin API is plain HTTP and listens on this machine only | write 127.0.0.1:9901; for other machines there is admin.remote, or ssh -L',
    ],
  ],
  [
    'an admin API on a listener',
    'admin: { address: localhost:8080 }',
    ['4:19 a listener has this address already | give the admin API another port'],
  ],
  [
    'a block that is none',
    'trustedProxies: [10.0.0.0/33]',
    ['4:18 expected an address, a block of addresses, or unix | for example: 10.0.0.0/8'],
  ],
  [
    'a proxy list that believes everybody',
    'trustedProxies: [0.0.0.0/0]',
    ['4:18 everybody is believed here | name the addresses of your own proxies'],
  ],
  [
    'a region header that anybody may send',
    'region: { header: x-region }',
    [
      '4:11 anybody could name a region: this header needs from | add from: [10.0.0.0/8] with the addresses of your own edge',
    ],
  ],
  [
    'a step in a region without traffic',
    'node: { region: eu-west }\nrollout: { regional: { steps: [{ region: eu-wset, share: 5% }] } }',
    ['5:42 no request can come from the region "eu-wset" | did you mean "eu-west"?'],
  ],
  [
    'shares that fall',
    'rollout:\n  regional:\n    steps:\n      - { region: default, share: 50% }\n      - { region: default, share: 5% }',
    ['8:35 the share of default does not rise | let each step of a region be larger than the one before'],
  ],
  [
    'a step of nothing',
    'rollout: { regional: { steps: [{ region: default, share: 0% }] } }',
    ['4:58 expected a share above zero | '],
  ],
  [
    'a canary that can be forged',
    'rollout: { canary: { match: [{ header: { x-canary: internal } }] } }',
    ['4:32 anybody who sends this gets the candidate | add from: CIDR, or take the value from { env: NAME }'],
  ],
  [
    'a canary that matches everything',
    'rollout: { canary: { match: [{}] } }',
    ['4:30 this rule would match every request | say at least one of: header, cookie, host, from, claim'],
  ],
  [
    'a claim as sticky key where no token is verified before a lane is chosen',
    'rollout: { stickyKey: { claim: sub } }',
    [
      '4:25 no request has claims when its lane is chosen: no route has a jwt filter at the edge | add enforceAt: edge to the filter of the routes',
    ],
  ],
  [
    'two sticky keys',
    'rollout: { stickyKey: { cookie: a, header: b } }',
    ['4:12 expected exactly one of: cookie, header, claim, address | for example: { cookie: sid }'],
  ],
  ['an alias without its anchor', 'workers: *cores', ['4:10 this alias has no anchor | ']],
  ['a tag', 'workers: !!js/function "x"', ['4:10 YAML: unresolved tag: tag:yaml.org,2002:js/function | ']],
  ['a merge key', '<<: { workers: 1 }', [`4:1 unknown key "<<" | ${ALL_KEYS}`]],
  ['a prototype', '__proto__: { workers: 1 }', [`4:1 unknown key "__proto__" | ${ALL_KEYS}`]],
  [
    'a variable that is not set',
    'runDir: ${RUN_DIR}',
    ['4:9 the variable RUN_DIR is not set | set RUN_DIR, or give a default: ${RUN_DIR:-value}'],
  ],
  [
    'a variable with a message',
    'runDir: ${RUN_DIR:?where to run}',
    ['4:9 RUN_DIR: where to run | set RUN_DIR, or give a default: ${RUN_DIR:-value}'],
  ],
];

for (const [what, added, expected] of TABLE) {
  test(`says where ${what} stands and what to do`, () => {
    expect(told(`${SMALLEST}${added}\n`).toSorted()).toEqual(expected);
  });
}

const LANES: readonly [string, string, string[]][] = [
  [
    'no legacy lane',
    'candidate: { servers: [http://a:1] }',
    ['1:1 the key "legacy" is missing | write the keys indented below it, or as { key: value }'],
  ],
  [
    'an empty lane',
    'legacy: { servers: [] }\ncandidate: { servers: [http://a:1] }',
    ['1:11 expected at least 1 entry | '],
  ],
  [
    'a server without its scheme',
    'legacy: { servers: [127.0.0.1:8081] }\ncandidate: { servers: [http://a:1] }',
    ['1:21 expected the URL of a server | write it with its scheme: http://127.0.0.1:8081'],
  ],
  [
    'a server with a scheme that no lane speaks',
    'legacy: { servers: [ftp://a:1] }\ncandidate: { servers: [http://a:1] }',
    ['1:21 expected a URL that starts with http:// or https:// | for example: http://127.0.0.1:8081'],
  ],
  [
    'a server with a path',
    'legacy: { servers: [http://a:1/x] }\ncandidate: { servers: [http://b:1] }',
    ['1:21 a server has no path and no query | end the URL after its port'],
  ],
  [
    'a lane that leads back to a listener',
    'legacy: { servers: [http://localhost:8080] }\ncandidate: { servers: [http://b:1] }',
    [
      '1:21 this server is Cutover itself: requests would go round in a loop | name the address where the lane itself listens',
    ],
  ],
  [
    'one server in both lanes',
    'legacy: { servers: [http://a:1] }\ncandidate: { servers: [http://a:1] }',
    ['2:24 this server is in the legacy lane too | fine for a trial run of A against A'],
  ],
  [
    'a candidate of two shapes',
    'legacy: { servers: [http://a:1] }\ncandidate: { servers: [http://b:1], routes: [{ name: r, upstream: u }] }',
    ['2:37 servers and routes exclude each other | keep one of them'],
  ],
  [
    'a route to nowhere',
    'legacy: { servers: [http://a:1] }\ncandidate:\n  upstreams: { shop: { servers: [http://b:1] } }\n  routes:\n    - { name: all, upstream: shop }\n    - { name: api, match: { path: /api/ }, upstream: shpo, filters: [staff] }',
    [
      '6:54 there is no upstream "shpo" | did you mean "shop"?',
      '6:70 there is no filter "staff" | define it first; there is no filter yet',
    ],
  ],
  [
    'a route that is never reached, under a name that is taken',
    'legacy: { servers: [http://a:1] }\ncandidate:\n  upstreams: { shop: { servers: [http://b:1] } }\n  routes:\n    - { name: all, upstream: shop }\n    - { name: all, match: { path: / }, upstream: shop }',
    [
      '6:15 the route name "all" is taken by routes[0] | give each route a name of its own',
      '6:20 this route is never reached: routes[0] "all" matches the same requests | change its path, host or conditions, or remove it',
    ],
  ],
  [
    'an upstream without a route',
    'legacy: { servers: [http://a:1] }\ncandidate:\n  upstreams: { shop: { servers: [http://b:1] }, old: { servers: [http://c:1] } }\n  routes: [{ name: all, upstream: shop }]',
    ['3:49 no route uses this upstream | remove it, or name it in a route'],
  ],
  [
    'a path that no normalised request has',
    'legacy: { servers: [http://a:1] }\ncandidate:\n  upstreams: { shop: { servers: [http://b:1] } }\n  routes: [{ name: all, match: { path: /a/../b }, upstream: shop }]',
    ['4:40 expected a path that starts with / and has no .., // or query | for example: /api/'],
  ],
];

for (const [what, lanes, expected] of LANES) {
  test(`says where ${what} stands and what to do`, () => {
    expect(told(`${lanes}\nlisten: [{ address: 0.0.0.0:8080 }]\n`)).toEqual(expected);
  });
}

test('warns of a canary that answers nobody unless the file says that it is meant', () => {
  const warned = (added: string) =>
    everyProblemOf(`${SMALLEST}${added}\n`).map(
      ({ severity, line, column, message, hint }) =>
        `${severity} ${line}:${column} ${message} | ${hint ?? ''}`,
    );
  const text =
    'canary answers nobody: it has no match | add rollout.canary.match, or write match: [] if it is to be empty';
  expect(warned('')).toEqual([`warning 1:1 ${text}`]);
  expect(warned('rollout: { canary: {} }')).toEqual([`warning 4:12 ${text}`]);
  expect(warned('rollout: { canary: { match: [] } }')).toEqual([]);
  expect(warned('rollout: { canary: { match: [{ from: 10.0.0.0/8 }] } }')).toEqual([]);
});

test('refuses a share that falls behind a step of another region, as an error', () => {
  const steps = '[{ region: a, share: 50% }, { region: default, share: 9% }, { region: a, share: 5% }]';
  const rollout = `node: { region: default }\nregion: { cidrs: { 10.0.0.0/8: a } }\nrollout: { regional: { steps: ${steps} } }`;
  const problems = problemsOf(`${SMALLEST}${rollout}\n`).filter(({ severity }) => severity === 'error');
  expect(problems.map(({ path, message }) => `${path} ${message}`)).toEqual([
    'rollout.regional.steps[2].share the share of a does not rise',
  ]);
});

test('says of an empty file that it is empty, once and first', () => {
  for (const text of ['', '# nothing\n', 'null\n']) {
    expect(
      everyProblemOf(text).map(({ severity, message, hint }) => `${severity} ${message} | ${hint ?? ''}`),
    ).toEqual([
      'error the configuration is empty | write one: cutover init --force, or name another file: -c FILE',
    ]);
  }
});

test('takes two listeners for one when one of them is every address', () => {
  const text = SMALLEST.replace('8080 }]', '8080 }, { address: 0.0.0.0:8080 }]');
  expect(told(text)).toEqual([
    '1:50 listen[0] has this address already | give each listener a port of its own',
  ]);
});

test('shows every problem of a file in one run, errors first and in its order', () => {
  const text = [
    'version: 2',
    'listen: [{ address: 8080 }]',
    'legacy: { servers: [http://127.0.0.1:8081] }',
    'candidate:',
    '  upstreams: { shop: { servers: [ftp://x] } }',
    '  routes:',
    '    - { name: api, upstream: shpo, fallback: legcy }',
    'rollout:',
    '  windw: 10s',
    '  shadow: { sample: 10, dwell: soon }',
    'runDir: a',
    'runDir: b',
  ].join('\n');
  const places = problemsOf(text).map(({ line, path }) => `${line} ${path}`);
  expect(places).toEqual([
    '1 version',
    '2 listen[0].address',
    '5 candidate.upstreams.shop.servers[0]',
    '7 candidate.routes[0].upstream',
    '7 candidate.routes[0].fallback',
    '9 rollout.windw',
    '10 rollout.shadow.sample',
    '10 rollout.shadow.dwell',
    '12 ',
    // The only warning.
    '5 candidate.upstreams.shop',
  ]);
});

test('stops at the first defect of the grammar: what follows is its echo', () => {
  expect(told('listen: [{ address: ${HOST}:80 }]\nlegacy: { servers: [x] }\n')).toEqual([
    '1:22 YAML: unexpected flow-map-start at node end | quote a variable inside { } and [ ]: "${NAME}"',
  ]);
});

const DEEP = 'the file is nested deeper than 32 levels';
const LAUGHS = Array.from('bcdefgh')
  .map((name, index) => `${name}: &${name} [${`*${'abcdefgh'[index]},`.repeat(9)}]`)
  .join('\n');
const HOSTILE: readonly [string, string, string][] = [
  [
    'a billion laughs',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${LAUGHS}`,
    'up to here aliases stand for more than 200000 values',
  ],
  [
    'a staircase of keys',
    Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
    DEEP,
  ],
  ['a million brackets', '['.repeat(1_000_000), DEEP],
  ['half a million dashes', '- '.repeat(500_000), DEEP],
  ['maps in maps', '{a: '.repeat(200_000), DEEP],
  ['a file of comments', '#'.repeat(LIMITS.configBytes + 1), 'the file is larger than 4 MiB'],
];

for (const [what, text, message] of HOSTILE) {
  test(`refuses ${what} at once`, () => {
    const started = monotonicMs();
    expect(problemsOf(text)[0]?.message).toContain(message);
    expect(monotonicMs() - started).toBeLessThan(1_000);
  });
}

test('shows a hundred problems and counts the others', () => {
  const keys = Array.from({ length: 150 }, (_, index) => `k${index}: 1`).join('\n');
  const lists = Array.from({ length: 150 }, () => '10.0.0.0/99').join(', ');
  const problems = everyProblemOf(`${SMALLEST}trustedProxies: [${lists}]\n${keys}\n`);
  expect(problems).toHaveLength(LIMITS.configProblems + 1);
  expect(problems.at(-1)?.message).toBe('151 more, not shown');
});

test('does not let an empty file pass', () => {
  for (const text of ['', '\n', '# nothing\n', 'null\n', '[]\n', '"text"\n'])
    expect(load(text).ok).toBe(false);
});

test('a mirror whose NGINX nobody believes about clients is warned about', () => {
  const lanes = 'legacy: { servers: [http://a:1] }\ncandidate: { servers: [http://b:1] }\n';
  const listen = 'listen: [{ address: 127.0.0.1:8080, mode: mirror }]\n';
  const hint = 'trustedProxies: [127.0.0.1/32], the address of that NGINX';
  expect(told(listen + lanes)).toEqual([
    `1:43 both lanes will take the NGINX that mirrors for the client | ${hint}`,
  ]);
  expect(told(`${listen}${lanes}trustedProxies: [127.0.0.1/32]\n`)).toEqual([]);
});
