import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  listProblems,
  machinePaths,
  medianLines,
  namedFiles,
  namedPackages,
  shellCommands,
  tooLong,
} from './documents.ts';
import { filesIn, read, root } from './files.ts';

const MAX_LINES = 400;
const MAX_MEDIAN_LINES = 150;
const source = filesIn('src');

interface Manifest {
  readonly scripts: Record<string, string>;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
}
const manifest = JSON.parse(read('package.json')) as Manifest;

/** Directories that git would commit: what is ignored belongs to a machine, not to the project. */
function topLevelFolders(): string[] {
  const ignored = ['.git', 'node_modules', 'dist', 'coverage', 'run'];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !ignored.includes(entry.name))
    .filter((entry) => readdirSync(join(root, entry.name)).length > 0)
    .map((entry) => entry.name);
}

test('no file is longer than four hundred lines', () => {
  const all = [...source, ...filesIn('test'), ...filesIn('bench')];
  expect(tooLong(all, MAX_LINES)).toEqual([]);
  expect(medianLines(source)).toBeLessThan(MAX_MEDIAN_LINES);
});

test('the architecture names every file of src and nothing else', () => {
  const paths = source.map((file) => file.path);
  expect(listProblems(namedFiles(read('ARCHITECTURE.md')), paths)).toEqual([]);
});

test('the architecture names every folder of the top level', () => {
  const text = read('ARCHITECTURE.md');
  expect(topLevelFolders().filter((folder) => !text.includes(`\`${folder}/\``))).toEqual([]);
});

test('every dependency stands in CONTRIBUTING with its reason', () => {
  const packages = [
    ...Object.keys(manifest.dependencies),
    ...Object.keys(manifest.devDependencies),
    ...Object.keys(manifest.optionalDependencies),
  ];
  expect(listProblems(namedPackages(read('CONTRIBUTING.md')), packages)).toEqual([]);
});

test('every npm script of the README and CONTRIBUTING exists', () => {
  const commands = [...shellCommands(read('README.md')), ...shellCommands(read('CONTRIBUTING.md'))];
  const scripts = commands.flatMap((command) => /^npm run (?:-s )?([\w:]+)/.exec(command)?.[1] ?? []);
  expect(commands).toContain('npm ci');
  expect(scripts.filter((script) => !(script in manifest.scripts))).toEqual([]);
});

test('every script of package.json runs a file that exists', () => {
  const files = Object.values(manifest.scripts).flatMap(
    (script) => script.match(/[\w./-]+\.(?:ts|js)\b/g) ?? [],
  );
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('the lock keeps better-sqlite3 from being compiled', () => {
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { gypfile?: boolean }> };
  // Lost it? `npm run lock` writes it again: npm drops it with every install.
  expect(lock.packages['node_modules/better-sqlite3']?.gypfile).toBe(false);
});

test('no file names a path of a machine', () => {
  const documents = filesIn('.', ['.md']).filter((file) => !/(^|\/)(node_modules|dist)\//.test(file.path));
  const rest = ['docs', 'deploy', 'scenarios', 'bench', 'bin', '.ci'].flatMap((directory) =>
    existsSync(join(root, directory)) ? filesIn(directory, ['']) : [],
  );
  expect(machinePaths([...source, ...filesIn('test'), ...documents, ...rest])).toEqual([]);
});

test('each script of continuous integration can be parsed', () => {
  execFileSync('bash', ['-n', join(root, '.ci/run')]);
  expect(filesIn('.ci', ['.js']).length).toBeGreaterThan(0);
});

test('the laws on documents see each planted violation', () => {
  const markdown =
    '## Files\n### `src/core/`\n| file | job |\n| `ids.ts` | ids |\n| `ids.ts` | again |\n## Next\n| `x.ts` | no |\n';
  expect(namedFiles(markdown)).toEqual(['src/core/ids.ts', 'src/core/ids.ts']);
  expect(listProblems(['a', 'b', 'b'], ['a', 'c'])).toEqual([
    'c is not named',
    'b does not exist',
    'b does not exist',
    'b is named twice',
  ]);
  expect(
    namedPackages('## Dependencies\n| `zod` | types |\n| `yaml` |  |\n| plain | why |\n## Next\n| `x` | y |'),
  ).toEqual(['zod']);
  expect(
    shellCommands('```sh\nnpm ci && npm test # both\n```\n```console\n$ cutover status\nphase\n```\n'),
  ).toEqual(['npm ci', 'npm test', 'cutover status']);
  expect(
    machinePaths([{ path: 'x', text: ['ok', 'cd /hom', 'e/ada'].join('').replace('ok', 'ok\n') }]),
  ).toEqual(['x:2']);
  expect(tooLong([{ path: 'x', text: '\n'.repeat(401) }], MAX_LINES)).toHaveLength(1);
});
