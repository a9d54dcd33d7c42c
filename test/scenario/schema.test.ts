import { expect, test } from 'vitest';
import { schemaFindings } from '../../src/config/explain.ts';
import { readSource } from '../../src/config/source.ts';
import { scenarioSchema } from '../../src/scenario/schema.ts';

const SCENARIO = `version: 1
name: number-to-text
seed: 7
config:
  legacy: { servers: ["\${legacy}"] }
  candidate: { servers: ["\${candidate}"] }
  rollout: { window: 1s, shadow: { sample: 100% } }
upstreams:
  legacy:
    answers: [{ path: "/orders/{id}", json: { total: 10.5 } }]
  candidate:
    answers: [{ path: "/orders/{id}", json: { total: 10.5 } }]
  edge:
    nginx: ./edge.conf
traffic:
  - { rate: 200/s, for: 20s, mix: [{ path: "/orders/{1..50}" }] }
  - { at: 5s, rate: 10/s, for: 5s, file: ./orders.gor }
faults:
  - { at: 5s, for: 5s, target: candidate, kind: latency, delay: 200ms, share: 10% }
  - { at: 6s, for: 1s, target: candidate, kind: field, pointer: /total, value: "10.50" }
actions:
  - { at: 15s, run: advance --to canary --yes, exit: 5 }
  - { configure: { candidate: { version: v2 } }, run: reload }
  - { say: it breaks, faults: [{ target: candidate, kind: restart }] }
expect:
  - { name: no client saw an error, path: /client/errors, value: 0 }
  - { name: the class is found, path: /differences/classes/0/path, op: contains, value: total }
`;

/** Problems as `line:column message | hint`, as a runner would show them. */
function told(text: string): string[] {
  const source = readSource('scenario.yaml', text, null);
  const located = schemaFindings(scenarioSchema, source.raw).map(source.locate);
  return [...source.problems, ...located].map(
    ({ line, column, message, hint }) => `${line}:${column} ${message} | ${hint ?? ''}`,
  );
}

test('reads a whole rehearsal', () => {
  expect(told(SCENARIO)).toEqual([]);
  const scenario = scenarioSchema.parse(readSource('scenario.yaml', SCENARIO, null).raw);
  expect(scenario.traffic[0]).toMatchObject({ at: 0, rate: 200, for: 20_000, users: 1 });
  expect(scenario.faults[0]).toMatchObject({ kind: 'latency', delay: 200, share: 0.1 });
  expect(scenario.config['legacy']).toEqual({ servers: ['${legacy}'] });
  expect(scenario.actions[2]?.faults[0]).toMatchObject({ at: 0, kind: 'restart', share: 1 });
  expect(scenario).toMatchObject({ limit: 180_000, settle: 2_000, regions: [], keep: false });
});

const place = (text: string): string => {
  const before = SCENARIO.slice(0, SCENARIO.indexOf(text));
  const lines = before.split('\n');
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
};

const WRONG: readonly [what: string, from: string, to: string, expected: string][] = [
  [
    'a fault at nobody',
    'candidate, kind: latency',
    'candidat, kind: latency',
    'there is no upstream "candidat" | did you mean "candidate"?',
  ],
  [
    'a fault at a real NGINX',
    'candidate, kind: latency',
    'edge, kind: latency',
    '"edge" may be a real NGINX, and faults are made by embedded upstreams | hit the upstream behind it',
  ],
  [
    'a fault of an action at nobody',
    'candidate, kind: restart',
    'candidates, kind: restart',
    'there is no upstream "candidates" | did you mean "candidate"?',
  ],
  [
    'an unknown fault',
    'latency, delay',
    'latenci, delay',
    'expected a fault | kind is one of: latency, error, hang, reset, restart, field',
  ],
  [
    'two promises with one name',
    'the class is found',
    'no client saw an error',
    'this promise stands here twice | ',
  ],
  [
    'a path that is no pointer',
    '/client/errors',
    'client.errors',
    'expected a JSON Pointer | for example: /client/errors',
  ],
  [
    'a quote that is not closed',
    'advance --to canary --yes',
    "rollback --reason 'orders",
    'a quote is not closed | for example: rollback --reason "orders fail"',
  ],
];

for (const [what, from, to, expected] of WRONG) {
  test(`says where ${what} stands`, () => {
    expect(told(SCENARIO.replace(from, to))).toEqual([`${place(from)} ${expected}`]);
  });
}

const WRONG_AS_A_WHOLE: readonly [what: string, from: string, to: string, expected: string][] = [
  [
    'traffic of nothing',
    ', file: ./orders.gor',
    '',
    'expected exactly one of: mix, file | for example: mix: [{ path: / }]',
  ],
  [
    'an upstream of nothing',
    'nginx: ./edge.conf',
    'nginx2: ./edge.conf',
    'unknown key "nginx2" | did you mean "nginx"?',
  ],
  [
    'a listener in the configuration',
    '  legacy: {',
    '  listen: []\n  legacy: {',
    'listen is given by the rehearsal | for listeners by region: regions: [eu-west]',
  ],
  [
    'an upstream with a reserved name',
    '  edge:',
    '  gateway:',
    '${gateway} is something else | choose another name',
  ],
  [
    'a region that is not there',
    'rate: 200/s',
    'region: eu-west, rate: 200/s',
    'there is no region "eu-west" | ',
  ],
  [
    'traffic to nobody',
    'rate: 200/s',
    'to: edg, rate: 200/s',
    'there is no upstream "edg" | did you mean "edge"?',
  ],
  [
    'a pattern that is none',
    'op: contains, value: total',
    'op: matches, value: "("',
    'expected a regular expression | for example: "^nginx "',
  ],
  ['a promise without a value', ', value: 0', '', 'there is no value to compare with | add value: …'],
];

for (const [what, from, to, expected] of WRONG_AS_A_WHOLE) {
  test(`refuses ${what} in its own words`, () => {
    const problems = told(SCENARIO.replace(from, to)).map((line) => line.replace(/^\d+:\d+ /, ''));
    expect(problems).toEqual(expected === '' ? [] : [expected]);
  });
}

test('traffic without an end is refused where nothing else ends the rehearsal', () => {
  const endless = SCENARIO.replace(', for: 20s', '');
  expect(told(endless)).toEqual([]);
  expect(told(endless.replace('actions:', 'end: traffic\nactions:'))).toEqual([
    expect.stringContaining('this traffic never ends | add for: 20s'),
  ]);
  expect(told(endless.replace(/actions:[^]*expect:/, 'expect:'))).toEqual([
    expect.stringContaining('this traffic never ends'),
  ]);
});
