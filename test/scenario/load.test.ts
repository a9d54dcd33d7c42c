import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { layOut } from '../../src/scenario/layout.ts';
import { ScenarioProblems, checkConfigurations, loadScenario } from '../../src/scenario/load.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-load-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SCENARIO = `version: 1
name: plain
seed: 7
config:
  legacy: { servers: ["\${legacy}"] }
  candidate: { servers: ["\${candidate}"] }
  rollout:
    window: 1s
    shadow: { sample: 100% }
upstreams:
  legacy: { answers: [{ path: / }] }
  candidate: { answers: [{ path: / }] }
traffic: [{ rate: 100/s, for: 1s, mix: [{ path: / }] }]
actions:
  - { at: 1s, configure: { rollout: { shadow: { sample: 50% } } }, run: reload }
expect: [{ name: no client saw an error, path: /client/errors, value: 0 }]
`;

async function problems(text: string): Promise<string[]> {
  const file = join(folder, 'scenario.yaml');
  writeFileSync(file, text);
  try {
    const loaded = loadScenario(file);
    checkConfigurations(loaded, await layOut(loaded.scenario, file, folder));
    return [];
  } catch (error) {
    if (!(error instanceof ScenarioProblems)) throw error;
    return error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
}

test('a scenario whose configurations are good has no problem', async () => {
  expect(await problems(SCENARIO)).toEqual([]);
});

test('all problems of a scenario are told in one go, in the order of the file', async () => {
  const wrong = SCENARIO.replace('seed: 7', 'sead: 7').replace('rate: 100/s', 'rate: 100');
  expect(await problems(wrong)).toEqual([
    '1:1 the key "seed" is missing',
    '3:1 unknown key "sead"',
    '13:19 expected a rate',
  ]);
});

test('a problem of the configuration is told at its place in the scenario', async () => {
  expect(await problems(SCENARIO.replace('window: 1s', 'windw: 1s'))).toEqual(['8:5 unknown key "windw"']);
  expect(await problems(SCENARIO.replace('sample: 100%', 'sample: 100'))).toEqual(['9:23 expected a share']);
});

test('a name that no upstream has is told at its place in the scenario', async () => {
  expect(await problems(SCENARIO.replace('"${candidate}"', '"${candidat}"'))).toEqual([
    '6:26 there is no upstream "candidat"',
  ]);
});

test('a problem that an action makes is told at its place in the action', async () => {
  expect(await problems(SCENARIO.replace('sample: 50%', 'sample: half'))).toEqual(['15:57 expected a share']);
});

test('a file that is not there is no scenario and says which', async () => {
  expect(() => loadScenario(join(folder, 'gone.yaml'))).toThrow(/gone\.yaml cannot be read/);
});
