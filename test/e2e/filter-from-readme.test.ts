import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { headerOf } from '../kit/answer-reader.ts';
import { gateway } from '../kit/gateway.ts';
import { fetchOnce } from '../kit/http-client.ts';
import { buildPackage } from '../kit/package.ts';
import { temporaryFolder } from '../kit/process.ts';
import { REPOSITORY } from '../kit/shared-data.ts';
import { upstream } from '../kit/upstream.ts';

/** The code of a document by the name of the file that its first line says. */
function filesOf(document: string): Map<string, string> {
  const text = readFileSync(join(REPOSITORY, document), 'utf8');
  const blocks = [...text.matchAll(/^```ts\n\/\/ (filters\/\S+)\n([\s\S]*?)^```$/gm)];
  return new Map(blocks.map(([, name = '', code = '']) => [name, code]));
}

/** Writes them. @returns the path of the filter */
function writeInto(folder: string, document: string): string {
  const files = filesOf(document);
  expect([...files.keys()]).toEqual(['filters/security-gateway.ts', 'filters/security-gateway.test.ts']);
  for (const [name, code] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), code);
  }
  return join(folder, 'filters/security-gateway.ts');
}

/** The sources as they are cloned: no build, and nothing of this machine but the installed packages. */
function freshClone(): string {
  const { path: folder, remove } = temporaryFolder('cutover-clone');
  onTestFinished(remove);
  for (const part of ['src', 'bin', 'package.json', 'tsconfig.json'])
    cpSync(join(REPOSITORY, part), join(folder, part), { recursive: true });
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** A project that has the compiled package among its own. */
function projectWith(program: string): string {
  const { path: folder, remove } = temporaryFolder('cutover-project');
  onTestFinished(remove);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(dirname(dirname(program)), join(folder, 'node_modules/cutover'));
  symlinkSync(join(REPOSITORY, 'node_modules/@types'), join(folder, 'node_modules/@types'));
  symlinkSync(join(REPOSITORY, 'node_modules/undici-types'), join(folder, 'node_modules/undici-types'));
  return folder;
}

/** Runs the filter's own test. @returns what it printed */
function runTest(folder: string): string {
  const file = join(folder, 'filters/security-gateway.test.ts');
  // Without what this test runner leaves for its own children.
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  return execFileSync(process.execPath, ['--test', file], { cwd: folder, env, encoding: 'utf8' });
}

/** Checks the types of the files as a user would. @throws with what the compiler says */
function checkTypes(folder: string): void {
  const options = {
    module: 'NodeNext',
    target: 'ES2024',
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    types: ['node'],
    skipLibCheck: true,
  };
  const project = join(folder, 'filters/tsconfig.json');
  writeFileSync(project, JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
  const compiler = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
  try {
    execFileSync(process.execPath, [compiler, '-p', project], { encoding: 'utf8' });
  } catch (error) {
    throw new Error((error as { stdout?: string }).stdout, { cause: error });
  }
}

/** The filter in a running gateway, before both lanes. */
async function serves(program: string, module: string): Promise<void> {
  const server = await upstream().status(200, 'served').start();
  const identity = await upstream()
    .respond(({ header }) => ({ status: header('authorization') === 'Bearer ada' ? 200 : 403 }))
    .start();
  const running = await gateway()
    .built(program)
    .env({ IDENTITY_URL: identity.url })
    .legacy(server)
    .config({
      filters: { security: { module, enforceAt: 'edge', budget: '5s' } },
      candidate: {
        upstreams: { shop: { servers: [server.url] } },
        routes: [{ name: 'api', match: { path: '/api/' }, upstream: 'shop', filters: ['security'] }],
      },
    })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await Promise.all([server.stop(), identity.stop()]);
  });
  const ask = (target: string, token?: string) =>
    fetchOnce(running.url, { target, headers: token === undefined ? {} : { Authorization: token } });
  expect((await ask('/api/orders', 'Bearer ada')).status).toBe(200);
  const refused = await ask('/api/orders', 'Bearer eve');
  expect([refused.status, headerOf(refused, 'www-authenticate')]).toEqual([401, 'Bearer']);
  expect((await ask('/api/orders')).status).toBe(401);
  expect((await ask('/open')).status).toBe(200);
}

test.each(['README.md', 'docs/filters.md'])(
  'a filter written from %s alone works in a fresh clone, with its types and its test',
  { timeout: 120_000 },
  async (document) => {
    const clone = freshClone();
    const module = writeInto(clone, document);
    expect(runTest(clone)).toMatch(/^. pass [12]$/m);
    checkTypes(clone);
    await serves(join(clone, 'bin/cutover.js'), module);
  },
);

test('the same filter works beside the compiled package', { timeout: 120_000 }, async () => {
  const { program, remove } = buildPackage();
  onTestFinished(remove);
  const project = projectWith(program);
  const module = writeInto(project, 'README.md');
  expect(runTest(project)).toMatch(/^. pass 1$/m);
  checkTypes(project);
  await serves(program, module);
});
