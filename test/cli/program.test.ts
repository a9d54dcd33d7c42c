import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { EXAMPLES } from '../../src/cli/examples.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { createProgram } from '../../src/cli/program.ts';
import { read } from '../tidy/files.ts';
import { shellCommands } from '../tidy/documents.ts';
import { cli, fakeIo } from './kit.ts';

const bin = join(import.meta.dirname, '../../bin/cutover.js');

/** Prints every module that is loaded from a package or from this project. */
const LISTING = `data:text/javascript,${encodeURIComponent(
  `import { registerHooks } from 'node:module';
   registerHooks({ load(url, context, next) {
     if (url.startsWith('file:')) process.stderr.write('loaded ' + url + '\\n');
     return next(url, context);
   } });`,
)}`;

test('without arguments there is a short help with two examples', async () => {
  const { exitCode, out, err } = await cli([]);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  expect(out.match(/^ {2}cutover /gm)).toHaveLength(2);
});

test('help names every verb that is built and no other', async () => {
  const { exitCode, out } = await cli(['--help']);
  expect(exitCode).toBe(0);
  const verbs = [...out.matchAll(/^ {2}([a-z]+)(?: \[\w+\])? {2,}/gm)].map((match) => match[1]);
  expect(verbs).toEqual([
    'demo',
    'init',
    'check',
    'run',
    'reload',
    'routes',
    'status',
    'dashboard',
    'gate',
    'plan',
    'wait',
    'advance',
    'rollback',
    'pause',
    'resume',
    'bypass',
    'history',
    'report',
    'differences',
    'help',
  ]);
});

test('help loads no library but commander', () => {
  const { stderr, status } = spawnSync(process.execPath, ['--import', LISTING, bin, '--help'], {
    encoding: 'utf8',
  });
  const loaded = stderr
    .split('\n')
    .flatMap((line) => /^loaded .*\/(node_modules\/[^/]+|src\/[^/]+)\//.exec(line)?.[1] ?? []);
  expect(status).toBe(0);
  expect([...new Set(loaded)].toSorted()).toEqual(['node_modules/commander', 'src/cli', 'src/core']);
});

test('the exit codes are printed with their meaning', async () => {
  const { exitCode, out } = await cli(['help', 'exit-codes']);
  expect(exitCode).toBe(0);
  for (const code of Object.values(EXIT)) expect(out).toMatch(new RegExp(`^ +${code}  \\S`, 'm'));
  expect(Object.values(EXIT)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 130, 143]);
});

test('help on a verb shows its flags and those of all verbs', async () => {
  const { exitCode, out } = await cli(['help', 'rollback']);
  expect(exitCode).toBe(0);
  expect(out).toContain('--reason <text>');
  expect(out).toContain('--config <file>');
  expect((await cli(['help', 'nonsense'])).exitCode).toBe(EXIT.usage);
});

/** Every verb with how it is called, `differences show` among them. */
function allVerbs(parent: Command, path: readonly string[] = []): [string, Command][] {
  return parent.commands.flatMap((command) => {
    const words = [...path, command.name()];
    return [[words.join(' '), command] as [string, Command], ...allVerbs(command, words)];
  });
}

test('the help on every verb ends with an example of it', async () => {
  for (const [path] of allVerbs(createProgram(fakeIo().io, { exitCode: 0 }))) {
    const { exitCode, out } = await cli([...path.split(' '), '--help']);
    expect(exitCode, path).toBe(0);
    const [, examples = ''] = out.split('\nExamples:\n');
    for (const line of examples.trimEnd().split('\n')) {
      expect(line, path).toMatch(new RegExp(`^ {2}cutover ${path}\\b`));
    }
  }
});

/** The verb that a command line calls, the longest name that fits. */
function called(words: string): [string, Command] | undefined {
  return allVerbs(createProgram(fakeIo().io, { exitCode: 0 }))
    .toSorted(([one], [other]) => other.length - one.length)
    .find(([path]) => `${words} `.startsWith(`${path} `));
}

test('each example of the help names a verb and flags that exist', () => {
  const commands = Object.values(EXAMPLES)
    .flat()
    .flatMap((line) => line.split(/ && | \| | > /))
    .flatMap((part) => /^cutover (.*)$/.exec(part)?.[1] ?? []);
  expect(commands.length).toBeGreaterThan(30);
  for (const line of commands) {
    const [, command] = called(line) ?? [];
    expect(command, line).toBeDefined();
    const options = [command, command?.parent].flatMap((each) => each?.options ?? []);
    const known = options.flatMap(({ long, short }) => [long, short]);
    const given = line.replaceAll(/"[^"]*"/g, 'TEXT').match(/(?<= )--?\w[\w-]*/g) ?? [];
    expect(
      given.filter((word) => !known.includes(word)),
      line,
    ).toEqual([]);
  }
});

test('the exit codes say how run ends', async () => {
  const { out } = await cli(['help', 'exit-codes']);
  expect(out).toMatch(/`run` ends with 0 .*orderly drain.*\n?.*143 after SIGTERM, 130 after SIGINT/s);
});

test('help on rollback says that its reason is required', async () => {
  expect((await cli(['rollback', '--help'])).out).toMatch(
    /--reason <text> +why, for the history \(required\)/,
  );
  expect((await cli(['pause', '--help'])).out).toMatch(/--reason <text> +why, for the history\n/);
});

test('help on advance says how steps are counted', async () => {
  expect((await cli(['advance', '--help'])).out).toContain('regional/1 (the first regional step)');
});

test.each([[['statsu', '--help']], [['-c', 'x.yaml', 'statsu', '-h']]])(
  'there is no help on a verb that does not exist: %j',
  async (argv) => {
    const { exitCode, out, err } = await cli(argv);
    expect({ exitCode, out }).toEqual({ exitCode: EXIT.usage, out: '' });
    expect(err).toBe("error: unknown command 'statsu'\n  hint: Did you mean status?\n");
    expect((await cli(['-c', 'x.yaml', '--help'])).exitCode).toBe(0);
  },
);

test('the version is that of the package', async () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect((await cli(['--version'])).out).toBe(`${version}\n`);
});

test.each([
  [['statsu'], "unknown command 'statsu'", 'Did you mean status?'],
  [['status', '--jsno'], "unknown option '--jsno'", 'Did you mean --json?'],
  [['rollback'], "required option '--reason <text>' not specified", 'cutover --help'],
  [['advance', '--to', 'production'], "'--to <phase>' argument 'production' is invalid", 'cutover --help'],
  [['advance', '--to', 'regional/0'], "'--to <phase>' argument 'regional/0' is invalid", 'cutover --help'],
  [['rollback', '--to', 'canary/1'], "'--to <phase>' argument 'canary/1' is invalid", 'cutover --help'],
  [['status', '--timeout', 'soon'], "'--timeout <duration>' argument 'soon' is invalid", 'cutover --help'],
  [['wait'], "required option '--for <condition>' not specified", 'cutover --help'],
  [['differences', 'show'], "missing required argument 'id'", 'cutover --help'],
  [['pause', '--reason', ' '], "'--reason <text>' argument ' ' is invalid", 'cutover --help'],
])('a mistake in %j is a usage error with a hint', async (argv, message, hint) => {
  const { exitCode, out, err } = await cli(argv);
  expect({ exitCode, out }).toEqual({ exitCode: EXIT.usage, out: '' });
  expect(err).toContain(`error: `);
  expect(err).toContain(message);
  expect(err).toContain(`  hint: ${hint}\n`);
});

test('a usage error is one JSON object on stderr when JSON was asked for', async () => {
  const { exitCode, out, err } = await cli(['statsu', '--json']);
  expect({ exitCode, out }).toEqual({ exitCode: EXIT.usage, out: '' });
  expect(JSON.parse(err)).toEqual({
    error: { code: 'USAGE', message: "unknown command 'statsu'", hint: 'Did you mean status?' },
  });
  expect(err.trimEnd()).not.toContain('\n');
});

test('each command of the README names a verb and flags that exist', () => {
  const program = createProgram(fakeIo().io, { exitCode: 0 });
  const commands = shellCommands(read('README.md')).flatMap(
    (line) => /^(?:npx )?cutover (.*)$/.exec(line)?.[1] ?? [],
  );
  expect(commands.length).toBeGreaterThan(3);
  for (const line of commands) {
    const [verb = '', ...words] = line.split(' ');
    const command = program.commands.find((each) => each.name() === verb);
    expect(command, line).toBeDefined();
    const known = [...program.options, ...(command?.options ?? [])].flatMap((option) => [
      option.long,
      option.short,
    ]);
    expect(
      words.filter((word) => word.startsWith('-') && !known.includes(word)),
      line,
    ).toEqual([]);
  }
});

test('a reader that has seen enough ends the program in silence', () => {
  const script = `"$NODE" "$BIN" --help | head -n 1; echo "rc \${PIPESTATUS[0]}"`;
  const env = { ...process.env, NODE: process.execPath, BIN: bin };
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8', env });
  expect(stdout).toBe('Usage: cutover <verb> [options]\nrc 0\n');
  expect(stderr).toBe('');
});
