import { expect, test } from 'vitest';
import { checkExpectations } from '../../src/scenario/expectations.ts';
import { expectationSchema } from '../../src/scenario/schema-expect.ts';
import type { Operator } from '../../src/scenario/schema-expect.ts';

const RESULT = {
  client: { errors: 0, p99Ms: 12.5, p50Ms: null },
  phases: ['shadow', 'canary'],
  legacy: 'nginx 1.22.1',
  entries: [
    { verb: 'start', who: 'ada', to: { phase: 'shadow', step: 0 } },
    { verb: 'rollback', who: 'gate', to: { phase: 'shadow', step: 0 } },
  ],
  'a/b': { 'c~d': true },
};

const check = (path: string, op: Operator, value?: unknown) =>
  checkExpectations(RESULT, [expectationSchema.parse({ name: 'n', path, op, value })])[0];

const HOLDS: readonly [path: string, op: Operator, value: unknown, other: unknown][] = [
  ['/client/errors', 'eq', 0, 1],
  ['/client/errors', 'ne', 1, 0],
  ['/client/p99Ms', 'lt', 12.6, 12.5],
  ['/client/p99Ms', 'lte', 12.5, 12.4],
  ['/client/p99Ms', 'gt', 12.4, 12.5],
  ['/client/p99Ms', 'gte', 12.5, 12.6],
  ['/legacy', 'contains', '1.22', 'apache'],
  ['/legacy', 'lacks', 'apache', '1.22'],
  ['/legacy', 'matches', String.raw`^nginx \d`, '^embedded$'],
  ['/phases', 'eq', ['shadow', 'canary'], ['canary', 'shadow']],
  ['/phases', 'contains', 'canary', 'enforce'],
  ['/phases', 'lacks', 'enforce', 'canary'],
  ['/entries', 'contains', { verb: 'rollback', to: { phase: 'shadow' } }, { verb: 'rollback', who: 'ada' }],
  ['/entries', 'lacks', { verb: 'rollback', who: 'ada' }, { who: 'gate' }],
  ['/client/p50Ms', 'eq', null, 0],
  ['/client/p50Ms', 'exists', true, false],
  ['/client/p51Ms', 'exists', false, true],
  ['/a~1b/c~0d', 'eq', true, false],
  ['/phases/1', 'eq', 'canary', 'shadow'],
];

test.each(HOLDS)('%s %s %j holds and with another value it fails', (path, op, value, other) => {
  expect(check(path, op, value)).toMatchObject({ ok: true, expected: value });
  expect(check(path, op, other)).toMatchObject({ ok: false, expected: other });
});

test('what is not there fulfils no promise', () => {
  for (const op of ['eq', 'ne', 'lt', 'gt', 'contains', 'lacks', 'matches'] as const) {
    expect(check('/client/nothing', op, op === 'matches' ? '' : 0)).toMatchObject({
      ok: false,
      actual: null,
    });
  }
});

test('a comparison of things that cannot be compared fails', () => {
  expect(check('/legacy', 'lt', 5)?.ok).toBe(false);
  expect(check('/client/p50Ms', 'lt', 5)?.ok).toBe(false);
  expect(check('/client', 'contains', 0)?.ok).toBe(false);
  expect(check('/client', 'lacks', 0)?.ok).toBe(false);
  expect(check('/phases', 'matches', 'canary')?.ok).toBe(false);
});

test('exists without a value asks for presence', () => {
  expect(check('/client/errors', 'exists')).toMatchObject({ ok: true, expected: true, actual: 0 });
});
