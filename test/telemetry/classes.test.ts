import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import type { Difference } from '../../src/core/observation.ts';
import { classId } from '../../src/diff/fingerprint.ts';
import { ClassTable } from '../../src/telemetry/classes.ts';
import type { ClassSource } from '../../src/telemetry/classes.ts';

const CHANGED: Difference = { kind: 'json_value', path: '/a', legacy: '1', candidate: '2' };
const GONE: Difference = { kind: 'json_missing', path: '/a', legacy: '1', candidate: null };

let masked = 0;

function source(bodyBytes: number, rest: Partial<ClassSource> = {}): ClassSource {
  const answer = { status: 200, bodyBytes, totalUs: 1_000 };
  return {
    requestId: `r-${bodyBytes}`,
    direction: 'shadow',
    epoch: 1,
    route: 'all',
    endpoint: 'GET /a',
    method: 'GET',
    evidence: true,
    legacy: answer,
    candidate: { ...answer, totalUs: 2_000 },
    masked: () => {
      masked += 1;
      return { target: '/a', request: [] };
    },
    ...rest,
  };
}

test('noise in a value never hides that the same field is missing', () => {
  const table = new ClassTable(classId);
  table.triple(source(1), [GONE], [CHANGED]);
  const { classes } = table.take();
  const seen = classes.map(({ kind, evidence }) => [kind, evidence?.plus, evidence?.minus, evidence?.both]);
  expect(seen).toEqual([
    ['json_missing', 1, 0, 0],
    ['json_value', 0, 1, 0],
  ]);
});

test('what began under an older epoch is counted and is no evidence, and a newer one begins with nothing', () => {
  const table = new ClassTable(classId);
  table.pair(source(1), [CHANGED]);
  table.agreed({ endpoint: 'GET /a', epoch: 1 }, 'pairs');
  table.pair(source(2, { epoch: 2 }), [CHANGED]);
  table.pair(source(3, { epoch: 1 }), [CHANGED]);
  table.triple(source(3, { epoch: 1 }), [CHANGED], []);
  table.pair(source(4, { epoch: 2, evidence: false }), [CHANGED]);
  const { classes, endpoints, evidenceEpoch } = table.take();
  expect(evidenceEpoch).toBe(2);
  expect(endpoints).toEqual([{ endpoint: 'GET /a', pairs: 1, triples: 0 }]);
  expect(classes).toMatchObject([{ count: 4, evidence: { pairs: 1, plus: 0 } }]);
  expect(table.take()).toEqual({ classes: [] });
});

test('a class has a first, a smallest and a latest example, and few are masked', () => {
  const table = new ClassTable(classId);
  masked = 0;
  for (const bytes of [500, 900, 300, 700, 100]) table.pair(source(bytes), [CHANGED, GONE]);
  const [first] = table.take().classes;
  expect(first?.example).toMatchObject({ requestId: 'r-500', others: [GONE], candidate: { bodyBytes: 500 } });
  expect(first?.examples?.smallest?.requestId).toBe('r-300');
  for (let bytes = 2_000; bytes < 4_000; bytes += 1) table.pair(source(bytes), [CHANGED]);
  expect(table.take().classes[0]?.examples?.latest?.requestId).toBe('r-2000');
  // Two thousand pairs: a handful of masked requests.
  expect(masked).toBeLessThan(15);
});

test('latencies of both lanes are those of the pairs that showed the class', () => {
  const table = new ClassTable(classId);
  for (let pair = 0; pair < 5; pair += 1) table.pair(source(1), [CHANGED]);
  table.pair(source(2), []);
  const evidence = table.take().classes[0]?.evidence;
  expect([evidence?.legacyLatency, evidence?.candidateLatency]).toEqual([
    `${(1_000).toString(36)}:5`,
    `${(2_000 - (2_000 % 16)).toString(36)}:5`,
  ]);
});

/** The n-th place of a flood that no endpoint's share bounds. */
function flood(table: ClassTable, index: number): void {
  table.pair(source(1, { endpoint: `GET /${index % 50}` }), [{ ...CHANGED, path: `/${index}` }]);
}

test('a flood of classes and of their examples is bounded, and what is beyond is counted', () => {
  const table = new ClassTable(classId);
  for (let index = 0; index < LIMITS.classesPerDelta + 100; index += 1) flood(table, index);
  const { classes } = table.take();
  expect(classes).toHaveLength(LIMITS.classesPerDelta + 1);
  expect(classes.at(-1)).toMatchObject({ endpoint: 'other', path: 'other', count: 100, example: null });
  masked = 0;
  for (let index = 0; index < LIMITS.classesPerDelta; index += 1) flood(table, index);
  expect(masked).toBe(LIMITS.examplesPerDelta);
});

test('keys that are chance at one endpoint leave room for a real difference there and elsewhere', () => {
  const table = new ClassTable(classId);
  for (let index = 0; index < 5_000; index += 1) {
    const path = `/data/key-${index}`;
    table.pair(source(1), [
      { ...GONE, path },
      { ...GONE, kind: 'json_added', path },
    ]);
  }
  table.pair(source(1), [CHANGED]);
  table.pair(source(1, { endpoint: 'GET /b' }), [GONE]);
  const { classes } = table.take();
  expect(classes).toHaveLength(2 * LIMITS.classesPerEndpointKind + 2 + 2);
  const others = classes.filter(({ path }) => path === '{other}');
  expect(others).toMatchObject([
    { endpoint: 'GET /a', kind: 'json_missing', count: 5_000 - LIMITS.classesPerEndpointKind },
    { endpoint: 'GET /a', kind: 'json_added' },
  ]);
  expect(classes.at(-2)).toMatchObject({ endpoint: 'GET /a', kind: 'json_value', path: '/a', count: 1 });
  expect(classes.at(-1)).toMatchObject({ endpoint: 'GET /b', count: 1 });
  // A class that has a name keeps it, in the next delta too; a newer epoch shares anew.
  const path = '/data/key-0';
  table.pair(source(1), [{ ...GONE, path }]);
  table.pair(source(1, { epoch: 2 }), [{ ...GONE, path: '/data/fresh' }]);
  expect(table.take().classes.map((each) => each.path)).toEqual([path, '/data/fresh']);
});

test('a class of many places is counted once for a pair, and is no question that triples answer', () => {
  const table = new ClassTable(classId);
  const many = Array.from({ length: LIMITS.classesPerEndpointKind + 30 }, (_, index) => ({
    ...GONE,
    path: `/k-${index}`,
  }));
  for (let pair = 0; pair < 3; pair += 1) table.pair(source(1), many);
  table.triple(source(1), many, []);
  const other = table.take().classes.find(({ path }) => path === '{other}');
  expect(other).toMatchObject({ count: 3 });
  expect(other?.evidence).toBeUndefined();
  expect(other?.example).not.toBeNull();
});

test('a header with the name other is a place like all others', () => {
  const table = new ClassTable(classId);
  table.pair(source(1), [{ kind: 'header_missing', path: 'other', legacy: '1', candidate: null }]);
  expect(table.take().classes[0]).toMatchObject({ path: 'other', evidence: { pairs: 1 } });
});
