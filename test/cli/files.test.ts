import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { schemas } from '../../src/cli/schemas.ts';
import { cli } from './kit.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inFolder = (name: string): string => join(folder, name);

test('init writes a file that check accepts without a warning', async () => {
  const file = inFolder('fresh.yaml');
  const made = await cli([
    'init',
    '-c',
    file,
    '--legacy',
    'http://10.1.2.3:81',
    '--candidate',
    'http://10.1.2.4:82',
  ]);
  expect(made).toMatchObject({ exitCode: 0, err: '' });
  expect(made.out).toContain(`Next: cutover check -c ${file}\n`);
  expect(readFileSync(file, 'utf8')).toContain('http://10.1.2.3:81');
  const checked = await cli(['check', '-c', file]);
  expect(checked).toMatchObject({ exitCode: 0, err: '' });
  expect(checked.out).toMatch(
    /^.*fresh\.yaml: ok, 1 listener, 1 route, 10% of the requests copied in shadow/,
  );
});

test('init leaves an existing file alone unless it is forced', async () => {
  const file = inFolder('mine.yaml');
  writeFileSync(file, 'mine');
  const refused = await cli(['init', '-c', file]);
  expect(refused).toMatchObject({ exitCode: 2, out: '' });
  expect(refused.err).toContain('hint: overwrite it: cutover init --force');
  expect(readFileSync(file, 'utf8')).toBe('mine');
  expect((await cli(['init', '-c', file, '--force'])).exitCode).toBe(0);
  expect(readFileSync(file, 'utf8')).not.toBe('mine');
});

test('init with a URL that names no server is a usage error', async () => {
  const { exitCode, err } = await cli(['init', '-c', inFolder('x.yaml'), '--legacy', 'not a url']);
  expect(exitCode).toBe(2);
  expect(err).toContain('--legacy');
});

const BROKEN = `version: 1
listen: [{ address: 127.0.0.1:8080 }]
legacy: { servers: [http://127.0.0.1:8081] }
candidate: { servers: [http://127.0.0.1:7001] }
rollout:
  windw: 10s
  shadow: { sample: lots }
  canary: { match: [] }
`;

test('check shows every problem with its place, a caret and a hint', async () => {
  const file = inFolder('broken.yaml');
  writeFileSync(file, BROKEN);
  const { exitCode, out } = await cli(['check', '-c', file]);
  expect(exitCode).toBe(2);
  expect(out).toContain(`--> ${file}:6:3 (rollout.windw)`);
  expect(out).toContain(`--> ${file}:7:21 (rollout.shadow.sample)`);
  expect(out).toMatch(/6 \| {3}windw: 10s\n +\| +\^{5}\n/);
  expect(out).toContain('did you mean "window"?');
  expect(out).toContain('2 errors');
});

test('check with JSON is one object with the same problems', async () => {
  const file = inFolder('broken.yaml');
  writeFileSync(file, BROKEN);
  const { exitCode, out } = await cli(['check', '--json', '-c', file]);
  expect(exitCode).toBe(2);
  expect(JSON.parse(out)).toMatchObject({
    schemaVersion: 1,
    ok: false,
    problems: [
      { severity: 'error', line: 6, column: 3, path: 'rollout.windw' },
      { severity: 'error', line: 7, column: 21, path: 'rollout.shadow.sample' },
    ],
  });
});

test('what check prints as JSON fits its schema, whatever it says', async () => {
  const [broken, fresh] = [inFolder('broken.yaml'), inFolder('fresh.yaml')];
  writeFileSync(broken, BROKEN);
  await cli(['init', '--force', '-c', fresh]);
  for (const [file, ok] of [
    [broken, false],
    [fresh, true],
    [inFolder('absent.yaml'), false],
  ] as const) {
    const { out } = await cli(['check', '--json', '-c', file]);
    expect(schemas.check.parse(JSON.parse(out)), file).toMatchObject({ ok, file });
  }
});

test('a schema is printed by its name and an unknown one is refused with the names', async () => {
  for (const name of [
    'configuration',
    'config',
    'status',
    'history',
    'differences',
    'difference',
    'check',
    'change',
  ]) {
    const { exitCode, out } = await cli(['check', '--schema', name]);
    expect({ name, exitCode }).toEqual({ name, exitCode: 0 });
    expect(JSON.parse(out)).toHaveProperty('$schema');
  }
  expect((await cli(['check', '--schema'])).out).toBe((await cli(['check', '--schema', 'config'])).out);
  const { exitCode, err } = await cli(['check', '--schema', 'nonsense']);
  expect(exitCode).toBe(2);
  expect(err).toContain('hint: one of: configuration, ');
});
