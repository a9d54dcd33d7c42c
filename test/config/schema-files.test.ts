import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { schemas, schemaText } from '../../src/cli/schemas.ts';
import type { SchemaName } from '../../src/cli/schemas.ts';
import { allPaths } from '../../src/config/known.ts';
import { configSchema } from '../../src/config/schema.ts';
import { configTemplate } from '../../src/config/template.ts';

const NAMES = Object.keys(schemas) as SchemaName[];
const root = (path: string) => new URL(`../../${path}`, import.meta.url);
const published = (name: SchemaName) => readFileSync(root(`docs/schema/${name}.json`), 'utf8');

/** The published file, read back by something that knows nothing of ours. */
const validator = (name: SchemaName) =>
  z.fromJSONSchema(JSON.parse(published(name)) as z.core.JSONSchema.JSONSchema);

for (const name of NAMES) {
  test(`docs/schema/${name}.json is what the code says (else: node .ci/write-schemas.ts)`, () => {
    expect(published(name)).toBe(schemaText(name));
  });
}

test('publishes no other file', () => {
  expect(readdirSync(root('docs/schema')).toSorted()).toEqual(NAMES.map((name) => `${name}.json`).toSorted());
});

test('the published configuration schema takes what people write', () => {
  const file = configTemplate({ legacy: 'http://127.0.0.1:8081', candidate: 'http://127.0.0.1:7001' });
  const data = parse(file) as Record<string, unknown>;
  const schema = validator('configuration');
  expect(schema.safeParse(data).error?.issues ?? []).toEqual([]);
  const written = {
    ...data,
    workers: '${WORKERS}',
    rollout: { window: '${WINDOW:-10s}', shadow: { sample: '0.5%' } },
  };
  expect(schema.safeParse(written).error?.issues ?? []).toEqual([]);
});

test('the published configuration schema refuses what the program refuses', () => {
  const schema = validator('configuration');
  const data = parse(configTemplate({ legacy: 'http://a:1', candidate: 'http://b:1' })) as Record<
    string,
    unknown
  >;
  const wrong = [
    { workres: 1 },
    { rollout: { window: 10 } },
    { rollout: { window: '10' } },
    { workers: 0 },
    { store: [] },
  ];
  for (const part of wrong)
    expect(schema.safeParse({ ...data, ...part }).success, JSON.stringify(part)).toBe(false);
});

test('every key of the configuration is described', () => {
  const missing: string[] = [];
  const walk = (node: unknown, path: string): void => {
    const {
      properties = {},
      items,
      additionalProperties,
    } = node as {
      properties?: Record<string, { description?: string }>;
      items?: unknown;
      additionalProperties?: unknown;
    };
    for (const [key, value] of Object.entries(properties)) {
      if (value.description === undefined) missing.push(`${path}${key}`);
      walk(value, `${path}${key}.`);
    }
    if (items !== undefined) walk(items, `${path}*.`);
    if (typeof additionalProperties === 'object') walk(additionalProperties, `${path}*.`);
  };
  for (const name of ['configuration', 'scenario'] as const) walk(JSON.parse(published(name)), '');
  expect(missing).toEqual([]);
  expect(allPaths(configSchema).length).toBeGreaterThan(80);
});

test('every committed scenario and report is valid', () => {
  const check = (folder: string, ending: string, name: SchemaName) => {
    if (!existsSync(root(folder))) return;
    for (const file of readdirSync(root(folder)).filter((entry) => entry.endsWith(ending))) {
      const data: unknown = parse(readFileSync(root(`${folder}/${file}`), 'utf8'));
      expect(schemas[name].safeParse(data).error?.issues ?? [], file).toEqual([]);
    }
  };
  check('scenarios', '.yaml', 'scenario');
  check('reports', 'sample.json', 'report');
  check('reports', 'bench.json', 'bench');
});

test('a benchmark row that cannot be measured here is valid, and one without its interval is not', () => {
  const machine = {
    cpu: 'x',
    cores: 2,
    memoryMb: 4096,
    os: 'linux',
    node: '26.10.0',
    nginx: '1.22.1',
    haproxy: null,
  };
  const row = {
    work: 'plain',
    subject: 'cutover',
    reason: 'needs 4 cores, there are 2',
    reqPerCpuSec: null,
    reqPerSec: null,
    ratioOf: 'reqPerCpuSec',
    ratioToNginx: null,
    interval: null,
    p50Ms: 0.4,
    p99Ms: 1.1,
    p999Ms: null,
    rssMb: 64,
    pssMb: null,
    workerRssMb: null,
    processes: 3,
    windows: 20,
    dropped: 0,
    errors: 0,
  };
  const report = { schemaVersion: 1, machine, rows: [row], toggles: [], overloads: [], targets: [] };
  expect(schemas.bench.safeParse(report).success).toBe(true);
  const { interval: _, ...without } = row;
  expect(schemas.bench.safeParse({ ...report, rows: [without] }).success).toBe(false);
});
