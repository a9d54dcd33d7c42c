import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { wallMs } from '../../src/core/clock.ts';
import { Shipper } from '../../src/scenario/siem/shipper.ts';
import { Records } from '../../src/scenario/siem/records.ts';
import { aggregated, found } from '../../src/scenario/siem/search.ts';
import { upstreamSchema } from '../../src/scenario/schema-upstreams.ts';
import { RULES, indexer } from '../kit/indexer.ts';
import { temporaryFolder } from '../kit/process.ts';
import { until } from '../kit/until.ts';
import { errorLines, heartbeat } from '../siem/kit.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');

function records(...all: object[]): Records {
  const made = new Records(0);
  for (const record of all) made.add('wazuh-alerts-4.x-2026.11.25', record);
  return made;
}

const visible = (made: Records) => made.visible(made.expand('wazuh-*'));

test('finds by time as OpenSearch does: date math, ISO 8601, offsets without a colon, milliseconds', () => {
  const all = visible(
    records({ timestamp: '2026-11-25T11:54:59.999+0000' }, { timestamp: '2026-11-25T11:55:00.000+0000' }),
  );
  const since = (gte: unknown) => found(all, { range: { timestamp: { gte } } }, { nowMs: NOW }).length;
  expect([since('now-5m'), since('now-301s'), since('2026-11-25T11:55:00Z'), since(NOW - 300_000)]).toEqual([
    1, 2, 1, 1,
  ]);
  expect(since('2026-11-25T12:55:00+0100')).toBe(1);
  expect(() => since('yesterday')).toThrow('failed to parse date field');
});

test('what nobody mapped is a keyword: numbers in it are compared as texts', () => {
  const all = visible(
    records({ data: { errors: 9 }, rule: { level: 9 } }, { data: { errors: 10 }, rule: { level: 10 } }),
  );
  const above = (field: string) => found(all, { range: { [field]: { gte: 10 } } }, { nowMs: NOW }).length;
  expect([above('data.errors'), above('rule.level')]).toEqual([2, 1]);
  expect(found(all, { term: { 'data.errors': '10' } }, { nowMs: NOW })).toHaveLength(1);
});

test('counts by terms, names what it left out, and knows neither more nor less', () => {
  const all = visible(records(...['a', 'b', 'b', 'c'].map((lane) => ({ lane }))));
  const aggs = { lanes: { terms: { field: 'lane', size: 1 } } };
  expect(aggregated(all, aggs, { nowMs: NOW })).toEqual({
    lanes: { doc_count_error_upper_bound: 0, sum_other_doc_count: 2, buckets: [{ key: 'b', doc_count: 2 }] },
  });
  expect(() => aggregated(all, { x: { percentiles: {} } }, { nowMs: NOW })).toThrow('Unknown aggregation');
  expect(() => found(all, { fuzzy: {} }, { nowMs: NOW })).toThrow('unknown query');
});

test('a record is found after the next refresh, and not before', async () => {
  const made = new Records(300);
  const visibleMs = made.add('wazuh-alerts-4.x-2026.11.25', { timestamp: wallMs() });
  const seen = visible(made).length;
  if (wallMs() < visibleMs) expect(seen).toBe(0);
  await until(() => visible(made).length === 1, 'the refresh');
  expect(wallMs()).toBeGreaterThanOrEqual(visibleMs);
});

test('brings every line of a growing and rotated file to the indexer, once', async () => {
  const { path, remove } = temporaryFolder('cutover-shipper');
  const server = await indexer();
  const file = join(path, 'siem.json');
  const shipper = new Shipper({ file, indexer: server, rules: RULES });
  onTestFinished(async () => {
    await shipper.stop();
    await server.stop();
    remove();
  });
  const line = heartbeat();
  writeFileSync(file, line.slice(0, 20));
  await until(() => shipper.shipped.lines === 0, 'nothing');
  appendFileSync(
    file,
    `${line.slice(20)}not a line\n${errorLines({ candidate: { requests: 9, bad: 1 } }).join('')}`,
  );
  await until(() => shipper.shipped.lines === 3, 'the lines');
  renameSync(file, `${file}.1`);
  writeFileSync(file, heartbeat());
  await until(() => shipper.shipped.lines === 4, 'the line of the new file');
  expect(shipper.shipped.records).toBe(3);
});

test('an upstream is an indexer and nothing else, or no indexer', () => {
  const stand = { password: 'x' };
  expect(upstreamSchema.parse({ indexer: stand }).indexer).toMatchObject({
    username: 'cutover',
    refresh: 5_000,
  });
  const both = upstreamSchema.safeParse({ indexer: stand, answers: [{ path: '/' }] });
  expect(both.error?.issues[0]?.message).toContain('an indexer is nothing else');
  expect(upstreamSchema.safeParse({}).error?.issues[0]?.message).toContain('answers, nginx, indexer');
});
