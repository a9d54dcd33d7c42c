import { join } from 'node:path';
import { expect, test } from 'vitest';
import { redactConfig } from '../../src/config/compile.ts';
import type { CompiledConfig } from '../../src/config/compile.ts';
import { loadConfig } from '../../src/config/load.ts';
import { renderProblems } from '../../src/config/render.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { folderWith } from './kit.ts';

const GEO = `
  import { defineFilter, OptionError } from 'cutover';
  export default defineFilter({
    name: 'geo',
    parse({ countries = [], mode }) {
      if (mode === 'promise') return Promise.resolve({ countries: [] });
      if (mode === 'defect') return countries.absent.deeper;
      if (mode === 'schema') throw { issues: [{ path: [{ key: 'countries' }, 1], message: 'too odd' }] };
      if (!Array.isArray(countries)) throw new OptionError('countries', 'expected a list');
      const odd = countries.findIndex((one) => typeof one !== 'string');
      if (odd !== -1) throw new OptionError(['countries', odd], 'expected a country');
      if (countries.length === 0) throw new OptionError('countries', 'which ones?');
      return { countries: new Set(countries) };
    },
    onRequest: ({ options }) => (options.countries.has('de') ? null : { status: 403 }),
  });
`;

function folderOf(options: string, module = GEO): string {
  return folderWith({
    'geo.ts': module,
    'cutover.yaml': `
listen: [{ address: 127.0.0.1:0 }]
legacy: { servers: [http://127.0.0.1:8081] }
filters:
  geo:
    module: ./geo.ts
${options}
candidate:
  upstreams: { shop: { servers: [http://127.0.0.1:7001] } }
  routes: [{ name: all, upstream: shop, filters: [geo] }]
rollout: { canary: { match: [] } }
`,
  });
}

function said(options: string): string {
  const folder = folderOf(options);
  const loaded = loadConfig(join(folder, 'cutover.yaml'), { environment: {} });
  return renderProblems(loaded.ok ? loaded.warnings : loaded.problems).replaceAll(`${folder}/`, '');
}

function compiled(options: string, environment: Record<string, string> = {}): CompiledConfig {
  const file = join(folderOf(options, GEO.replace(/parse[\s\S]*?\n {4}\},\n/, '')), 'cutover.yaml');
  const loaded = loadConfig(file, { environment });
  if (!loaded.ok) throw new Error(renderProblems(loaded.problems));
  return loaded.config;
}

test('what a filter has against its options is told at the line of the option', () => {
  expect(said('    options: { countries: [de] }')).toBe('');
  expect(said('    options:\n      countries: de')).toMatch(
    /the filter refuses its options: expected a list\n +--> cutover.yaml:8:18/,
  );
  expect(said('    options:\n      countries: [de, 7]')).toMatch(
    /expected a country\n +--> cutover.yaml:8:23/,
  );
  // As schema libraries throw it.
  expect(said('    options:\n      mode: schema\n      countries: [de, x]')).toMatch(
    /too odd\n +--> cutover.yaml:9:23/,
  );
});

test('an option that is missing is told where it would stand, and named', () => {
  const missing = 'the filter refuses its options: countries: which ones\\?';
  expect(said('    budget: 20ms')).toMatch(new RegExp(`${missing}\n +--> cutover.yaml:5:3`));
  expect(said('    options:\n      mode: a')).toMatch(new RegExp(`${missing}\n +--> cutover.yaml:7:5`));
});

test('a defect of the code that reads options is told with its place in the module', () => {
  expect(said('    options: { countries: [de], mode: defect }')).toMatch(
    /refuses its options: Cannot read properties of undefined \(reading 'deeper'\) \(geo.ts:7:/,
  );
  expect(said('    options: { mode: promise }')).toContain('its parse returned a promise');
});

test('options are a map of plain data and of bounded size, and belong to a module', () => {
  expect(said('    options: [de]')).toMatch(/expected a map of options\n +--> cutover.yaml:7:5/);
  expect(said('    options: { countries: [.inf] }')).toMatch(
    /no number that an option can be\n +--> cutover.yaml:7:28/,
  );
  expect(said(`    options: { countries: [${'x'.repeat(LIMITS.filterOptionsBytes)}] }`)).toContain(
    'the options are larger than 64 KiB',
  );
  expect(said('    options:').replaceAll(/\s+/g, ' ')).toContain('cutover.yaml:7:5');
  const folder = folderWith({
    'cutover.yaml': 'filters: { a: { bodyLimit: 1KiB, options: { b: 1 } } }',
  });
  const loaded = loadConfig(join(folder, 'cutover.yaml'), { environment: {} });
  expect(loaded.ok ? '' : renderProblems(loaded.problems)).toContain(
    'only a filter with a module has options',
  );
});

test('other options are another epoch of evidence, and what looks like a secret is neither shown nor part of it', () => {
  const first = compiled('    options: { countries: [de] }');
  expect(first.gateway.candidate.filters[0]).toMatchObject({ options: { countries: ['de'] } });
  expect(compiled('    options: { countries: [de] }').gateway.hash).toBe(first.gateway.hash);
  expect(compiled('    options: { countries: [fr] }').gateway.hash).not.toBe(first.gateway.hash);
  const keyed = (value: string) =>
    compiled('    options: { service: { apiKey: "${KEY}" }, tokens: [a, "${KEY}"] }', { KEY: value });
  expect(keyed('one').gateway.candidate.filters[0]).toMatchObject({
    options: { service: { apiKey: 'one' } },
  });
  expect(JSON.stringify(redactConfig(keyed('hidden-word')))).not.toContain('hidden-word');
  expect(keyed('one').gateway.hash).toBe(keyed('two').gateway.hash);
});
