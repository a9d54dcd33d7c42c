import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Options } from '../../src/cli/options.ts';
import { bypassCommand, placeOf } from '../../src/cli/place.ts';
import type { Place } from '../../src/cli/place.ts';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import { upstream } from '../kit/upstream.ts';
import type { Upstream } from '../kit/upstream.ts';
import { cli, fakeIo } from './kit.ts';
import type { Ran } from './kit.ts';

/** A gateway that runs well, whose file got a typo since. */
let running: RunningGateway;
let lane: Upstream;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-place-'));
  lane = await upstream().json({}).start();
  running = await gateway().legacy(lane).candidate(lane).start();
  running.rewrite({ workres: 2, rollout: { windw: '10s' } });
});

afterAll(async () => {
  await running.stop();
  await lane.stop();
  rmSync(folder, { recursive: true, force: true });
});

const verb = (line: string): Promise<Ran> => cli([...line.split(' '), '-c', running.configFile]);

test.each([
  'status',
  'pause',
  'resume',
  'advance --force --reason reviewed --yes',
  'rollback --reason orders',
  'bypass --reason fire',
  'bypass --off --yes',
  'history --limit 3',
  'differences',
])('a typo in the file does not stop `%s`', async (line) => {
  const { exitCode, err } = await verb(line);
  expect({ exitCode, lines: err.split('\n').length }).toEqual({ exitCode: 0, lines: 2 });
  expect(err).toMatch(/^warning: .*unknown key "w.*and 1 more\); only admin and runDir are read/);
});

test('a typo in the file is no line on stderr where JSON was asked for', async () => {
  const { exitCode, out, err } = await verb('status --json');
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  expect(JSON.parse(out)).toMatchObject({ schemaVersion: 1 });
});

test('a reload of the file with the typo is refused by the gateway, with every problem', async () => {
  const { exitCode, err } = await verb('reload');
  expect(exitCode).toBe(2);
  expect(err).toContain('rollout.windw');
});

function placeFor(text: string): { place: Place; err: string; options: Options } {
  const config = join(folder, 'cutover.yaml');
  writeFileSync(config, text);
  const { io, ran } = fakeIo();
  const options = { config } as Options;
  return { place: placeOf(io, options), err: ran.err, options };
}

const lanes = 'legacy: { servers: [x] }\n';
const inFolder = (name: string): string => join(folder, name);

test.each<[string, string, string | null, string | null]>([
  ['wrong values elsewhere', `${lanes}admin: { address: 127.0.0.1:7 }\nrunDir: r`, '127.0.0.1:7', 'r'],
  ['neither setting', lanes, '127.0.0.1:9901', 'run'],
  ['no YAML elsewhere', 'admin:\n  # here\n  address: "[::1]:7"\nlegacy: [x\nrunDir: r\n', '[::1]:7', 'r'],
  ['an address that is none', `${lanes}admin: { address: here }\nrunDir: r`, null, 'r'],
  ['a misspelt admin', `${lanes}admn: { address: 127.0.0.1:7 }\nrunDir: r`, null, 'r'],
  ['a misspelt address', `${lanes}admin: { adress: 127.0.0.1:7 }\nrunDir: r`, null, 'r'],
  ['a misspelt run directory', `${lanes}runDri: r`, '127.0.0.1:9901', null],
  ['a variable that is not set', `${lanes}runDir: \${CUTOVER_TEST_NOT_SET}`, '127.0.0.1:9901', null],
  ['a list for admin', `${lanes}admin: 7`, null, 'run'],
  ['braces without an end', '{ "admin": { "address": "127.0.0.1:7" }, "runDir": "r",', null, null],
])('a file with %s says where the gateway is as far as it can be known', (_, text, admin, runDir) => {
  const { place, err } = placeFor(text);
  expect(place).toMatchObject({ admin, runDir: runDir === null ? null : inFolder(runDir) });
  expect(place.error).not.toBeNull();
  expect(err.split('\n').length - 1).toBe(admin === null && runDir === null ? 0 : 1);
});

test('the kill switch is named with the run directory of the file, quoted for a shell', () => {
  const { place, options } = placeFor(`${lanes}runDir: "it's here"`);
  expect(bypassCommand(place, options)).toBe(
    `cutover bypass --run-dir '${join(folder, "it's here").replace("'", String.raw`'\''`)}'`,
  );
});

test('a rollback whose gateway cannot be found names the way that is left', async () => {
  const text = readFileSync(running.configFile, 'utf8').replace(
    /"address": "127\.0\.0\.1:[1-9]\d*"/,
    '"address": "x"',
  );
  const file = join(running.folder, 'lost.yaml');
  writeFileSync(file, text);
  const lost = await cli(['rollback', '--reason', 'x', '-c', file]);
  expect(lost.exitCode).toBe(2);
  const hint = `cutover bypass --run-dir ${join(running.folder, 'run')}`;
  expect(lost.err).toContain(hint);
  const thrown = await cli(['bypass', '-c', file]);
  expect(thrown).toMatchObject({ exitCode: 0 });
  expect(thrown.out).toContain('without the supervisor');
});
