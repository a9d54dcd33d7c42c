import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig, loadFiltersAhead } from '../../src/config/load.ts';
import { renderProblems } from '../../src/config/render.ts';
import { folderWith } from './kit.ts';

const GOOD = `
  import { defineFilter } from 'cutover';
  import { word } from './helper.ts';
  export default defineFilter({ name: 'good', onRequest: () => ({ status: 403, body: word }) });
`;
const HELPER = `export const word: string = 'no';`;

/** A configuration whose one filter has these keys. */
function withFilter(keys: string): string {
  return `
listen: [{ address: 127.0.0.1:0 }]
legacy: { servers: [http://127.0.0.1:8081] }
filters:
  mine: { ${keys} }
candidate:
  upstreams: { shop: { servers: [http://127.0.0.1:7001] } }
  routes: [{ name: all, upstream: shop, filters: [mine] }]
rollout: { canary: { match: [] } }
`;
}

/** What is said about it, with the places, as `check` prints it. */
function said(keys: string, files: Record<string, string> = {}): string {
  const folder = folderWith({ 'cutover.yaml': withFilter(keys), ...files });
  const loaded = loadConfig(join(folder, 'cutover.yaml'), { environment: {} });
  return renderProblems(loaded.ok ? loaded.warnings : loaded.problems).replaceAll(`${folder}/`, '');
}

test('a module with all its files becomes part of the configuration and of the epoch of evidence', () => {
  const of = (files: Record<string, string>, keys = 'module: ./good.ts') => {
    const folder = folderWith({ 'cutover.yaml': withFilter(keys), ...files });
    const files_ = new Set<string>();
    const loaded = loadConfig(join(folder, 'cutover.yaml'), { environment: {}, files: files_ });
    if (!loaded.ok) throw new Error(renderProblems(loaded.problems));
    const { hash, candidate } = loaded.config.gateway;
    return {
      hash,
      filter: candidate.filters[0],
      files: [...files_].map((file) => file.slice(folder.length + 1)),
    };
  };
  const first = of({ 'good.ts': GOOD, 'helper.ts': HELPER });
  expect(first.filter).toMatchObject({ kind: 'module', name: 'mine', enforceAt: 'candidate', failure: null });
  expect(first.files.toSorted()).toEqual(['good.ts', 'helper.ts']);
  // Where it lies is no evidence; what it says is.
  expect(of({ 'good.ts': GOOD, 'helper.ts': HELPER }).hash).toBe(first.hash);
  expect(of({ 'good.ts': GOOD, 'helper.ts': HELPER.replace('no', 'never') }).hash).not.toBe(first.hash);
  const settings = 'module: ./good.ts, failure: open, budget: 20ms';
  const other = of({ 'good.ts': GOOD, 'helper.ts': HELPER }, settings);
  expect(other.filter).toMatchObject({ failure: 'open', budgetMs: 20 });
  expect(other.hash).not.toBe(first.hash);
});

test('a module that cannot be a filter is refused with its line, its own place and a hint', () => {
  expect(said('module: ./absent.ts')).toMatch(/there is no such file\n +--> cutover.yaml:5:19/);
  expect(said('module: ./a.ts', { 'a.ts': "export default { name: 'a' };" })).toContain('it has no hook');
  expect(said('module: ./a.ts', { 'a.ts': 'export const a = 1;' })).toContain(
    'write: export default defineFilter',
  );
  expect(said('module: ./a.ts', { 'a.ts': 'const a = 1;\n\nexport default a b;' })).toMatch(
    /it does not load: .*\(a.ts:3:/,
  );
  expect(
    said('module: ./a.ts', {
      'a.ts': "import './b.ts'; export default 1;",
      'b.ts': '\nthrow new Error("ä");',
    }),
  ).toContain('it does not load: ä (b.ts:2:');
  expect(said('module: ./a.ts', { 'a.ts': 'await new Promise(() => {}); export default 1;' })).toContain(
    'for what never comes',
  );
  expect(said('module: ./a.ts', { 'a.ts': 'process.exit(0); export default 1;' })).toContain(
    'must not end the process',
  );
  expect(said('module: ./a.cjs', { 'a.cjs': 'module.exports = {};' })).toContain('is no ES module');
  expect(said('module: ./a.ts', { 'a.ts': `export default '${'x'.repeat(300_000)}';` })).toContain(
    'it has more than 64 files and 256 KiB',
  );
});

test('a hook that is never called where its filter stands is told about', () => {
  const text = "export default { name: 'a', onRequest() {}, onResponse() {} };";
  expect(said('module: ./a.ts, enforceAt: edge', { 'a.ts': text })).toMatch(
    /warning: before both lanes its onResponse is never called\n +--> cutover.yaml:5:38/,
  );
  expect(said('module: ./a.ts', { 'a.ts': text })).toBe('');
});

test('a filter has exactly one kind, and the keys of that kind', () => {
  expect(said('enforceAt: edge')).toContain('nothing says what this filter does');
  const both = said('module: ./good.ts, jwt: { jwks: { file: ./k.json } }', {
    'good.ts': GOOD,
    'helper.ts': HELPER,
  });
  expect(both).toContain('this filter is jwt already');
  expect(said('jwt: { jwks: { file: ./k.json } }, budget: 10ms')).toContain(
    'only a filter with a module has budget',
  );
  expect(said('module: ./good.ts, budget: 20s', { 'good.ts': GOOD, 'helper.ts': HELPER })).toContain(
    'of 1ms to 10s',
  );
});

test(
  'an endless loop at the top of a module ends, and holds up nobody who looks ahead',
  { timeout: 60_000 },
  async () => {
    const folder = folderWith({
      'cutover.yaml': withFilter('module: ./a.ts'),
      'a.ts': 'export default 1; while (true);',
    });
    const file = join(folder, 'cutover.yaml');
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 50);
    await loadFiltersAhead(file);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(20);
    const loaded = loadConfig(file, { environment: {} });
    expect(loaded.ok ? [] : loaded.problems.map(({ message }) => message)).toEqual([
      'it did not load within 5s',
    ]);
  },
);

test('a filter that needs no code is refused when it could do nothing, or what no filter may do', () => {
  expect(said('rateLimit: { rate: 10/s }')).toBe('');
  expect(said('rateLimit: { rate: 0/s }')).toContain('at this rate nobody is ever let in');
  expect(said('rateLimit: { rate: 10 }')).toContain('expected a rate');
  expect(said('addresses: {}')).toContain('it names no address: everybody may ask');
  expect(said('addresses: { allow: 10.0.0.0/8 }')).toBe('');
  expect(said('addresses: { allow: shop.example }')).toContain('5:31');
  expect(said('bodyLimit: 64KiB')).toBe('');
  expect(said('bodyLimit: 0B')).toContain('of at least 1B');
  expect(said('headers: {}')).toContain('it changes nothing');
  expect(said('headers: { request: { set: { X-Forwarded-For: a } } }')).toMatch(
    /x-forwarded-for is the gateway's own word\n +--> cutover.yaml:5:40/,
  );
  expect(said('headers: { response: { remove: [Content-Length] } }')).toContain('belongs to the connection');
  expect(said('headers: { response: { set: { x-a: b } } }, enforceAt: edge')).toContain('sees no answer');
});
