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
    nginx: ./candidate.conf
traffic:
  - { rate: 200/s, for: 20s, mix: [{ path: "/orders/{1..50}" }] }
  - { at: 5s, rate: 10/s, for: 5s, file: ./orders.gor }
faults:
  - { at: 5s, for: 5s, target: candidate, kind: latency, delay: 200ms, share: 10% }
  - { at: 6s, for: 1s, target: candidate, kind: field, pointer: /total, value: "10.50" }
actions:
  - { at: 15s, run: advance --to canary --yes, exit: 5 }
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
});

const WRONG: readonly [string, string, string, string[]][] = [
  [
    'a fault at nobody',
    'target: candidate, kind: latency',
    'target: candidat, kind: latency',
    ['17:32 there is no upstream "candidat" | did you mean "candidate"?'],
  ],
  [
    'an unknown fault',
    'kind: latency',
    'kind: latenci',
    ['17:49 expected a fault | kind is one of: latency, error, hang, reset, restart, field'],
  ],
  [
    'two promises with one name',
    'the class is found',
    'no client saw an error',
    ['23:13 this promise stands here twice | '],
  ],
  [
    'a path that is no pointer',
    '/client/errors',
    'client.errors',
    ['22:43 expected a JSON Pointer | for example: /client/errors'],
  ],
  [
    'traffic of nothing',
    ', file: ./orders.gor',
    '',
    ['15:5 expected exactly one of: mix, file | for example: mix: [{ path: / }]'],
  ],
  [
    'an upstream of nothing',
    'nginx: ./candidate.conf',
    'nginx2: ./candidate.conf',
    ['12:5 unknown key "nginx2" | did you mean "nginx"?'],
  ],
];

for (const [what, from, to, expected] of WRONG) {
  test(`says where ${what} stands`, () => {
    expect(told(SCENARIO.replace(from, to))).toEqual(expected);
  });
}
