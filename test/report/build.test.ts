import { expect, test } from 'vitest';
import { reportJson } from '../../src/report/build.ts';
import { reportMarkdown } from '../../src/report/markdown.ts';
import { reportSchema } from '../../src/report/schema.ts';
import { differenceClass, inputSample, reportOf, reportWith } from './report-sample.ts';

test('a report fits its schema, with and without differences', () => {
  expect(reportSchema.parse(JSON.parse(reportJson(reportWith())))).toEqual(reportWith());
  const none = { schemaVersion: 1, compared: 0, total: 0, classes: [] } as const;
  reportSchema.parse(reportWith({ differences: { ...none, classes: [] }, example: null }));
});

test('two identical states give the same bytes', () => {
  const again = structuredClone(inputSample);
  expect(reportJson(reportWith(again))).toBe(reportJson(reportWith()));
  expect(reportMarkdown(reportWith(again))).toBe(reportMarkdown(reportWith()));
});

test('two reports of the same state differ in their times only', () => {
  const later = { ...inputSample.status, atMs: inputSample.status.atMs + 5_000 };
  const { meta, ...rest } = reportWith({ status: later });
  const { meta: before, ...same } = reportWith();
  expect(rest).toEqual(same);
  expect({ ...meta, madeAtMs: 0 }).toEqual({ ...before, madeAtMs: 0 });
});

test('a report says of what it is made', () => {
  const { meta, history } = reportWith();
  expect(meta).toMatchObject({ source: 'live', epoch: 4, configHash: 'c0ffee', build: '0.1.0', windows: 6 });
  expect(history).toMatchObject({ intact: true, total: 9 });
});

test.each([
  ['header_missing', 'x-frame-options', 'SAMEORIGIN', null, true],
  ['json_missing', '/total', '10.5', null, true],
  ['status', 'status/302-200', '302', '200', true],
  ['redirect', 'location', '/login', null, true],
  ['encoding', 'content-encoding', 'gzip', null, true],
  ['header_added', 'via', null, '1.1 cutover', false],
  ['status', 'status/302-301', '302', '301', false],
  ['json_type', '/total', '10.5', '"10.50"', false],
] as const)('%s at %s from %s to %s is legacy only: %s', (kind, path, legacy, candidate, expected) => {
  const { legacyOnly } = reportOf(differenceClass({ kind, path }, { legacy, candidate }));
  expect(legacyOnly).toHaveLength(expected ? 1 : 0);
});

test.each(['json_missing', 'header_missing'] as const)(
  'a class without an example is legacy only by its kind alone: %s',
  (kind) => {
    const { legacyOnly } = reportOf(differenceClass({ kind, example: null }));
    expect(legacyOnly).toMatchObject([{ kind, legacy: null }]);
  },
);
