import { expect, test } from 'vitest';
import { ClassKeeper } from '../../src/control/class-keeper.ts';
import { NewClassLines } from '../../src/control/new-class-lines.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { EvidenceBook } from '../../src/telemetry/class-evidence.ts';

const PUT = { outcome: 'new', id: 'a', path: '/a', gaveWay: 0 } as const;

test('classes that made room are counted, and told once', () => {
  const told: string[] = [];
  const keeper = new ClassKeeper((message) => told.push(message));
  keeper.turnTo(1, 100);
  keeper.took(PUT, 'a');
  expect(told).toEqual([]);
  keeper.took({ ...PUT, gaveWay: 100 }, 'a');
  keeper.took({ ...PUT, gaveWay: 50 }, 'a');
  expect([keeper.gaveWay, told.length]).toEqual([150, 1]);
  expect(told[0]).toContain('the store is full of classes');
  for (const _ of [1, 2]) keeper.took({ ...PUT, path: '{other}' }, 'another');
  expect(told).toHaveLength(2);
  expect(told[1]).toContain('{other}');
  keeper.turnTo(2, 500);
  expect([keeper.gaveWay, keeper.epochSinceMs]).toEqual([0, 500]);
});

test('the beginning of an epoch is known only when it was seen', () => {
  const keeper = new ClassKeeper(() => {});
  keeper.turnTo(3, 100);
  expect(keeper.epochSinceMs).toBe(0);
  keeper.recall([
    { epoch: 2, startMs: 10 },
    { epoch: 3, startMs: 50 },
    { epoch: 3, startMs: 60 },
  ]);
  expect(keeper.epochSinceMs).toBe(50);
  const partly = new ClassKeeper(() => {});
  partly.recall([{ epoch: 3, startMs: 60 }]);
  expect(partly.epochSinceMs).toBe(0);
  partly.turnTo(4, 200);
  expect(partly.epochSinceMs).toBe(200);
});

test('a flood of new differences is a few lines a minute and a count', () => {
  const lines = new NewClassLines();
  const told = Array.from({ length: 500 }, () => lines.mayTell(1_000)).filter(Boolean);
  expect(told).toHaveLength(LIMITS.newClassLines);
  expect(lines.takeRest(2_000)).toBeNull();
  expect(lines.takeRest(61_000)).toContain(`${500 - LIMITS.newClassLines} more new differences`);
  expect(lines.takeRest(62_000)).toBeNull();
  expect(lines.mayTell(61_500)).toBe(true);
});

test('classes beyond those that are judged are counted, and those that are go on', () => {
  const book = new EvidenceBook();
  const evidence = { pairs: 1, plus: 1, minus: 0, both: 0, legacyLatency: '', candidateLatency: '' };
  const counts = (index: number) => ({
    id: `c${index}`,
    route: 'all',
    endpoint: 'GET /',
    kind: 'json_value' as const,
    path: `/${index}`,
    count: 1,
    example: null,
    evidence,
  });
  const classes = Array.from({ length: LIMITS.evidenceClasses + 3 }, (_, index) => counts(index));
  book.learn({ classes, evidenceEpoch: 1 });
  expect(book.unjudged).toBe(3);
  book.learn({ classes: [counts(0)], evidenceEpoch: 1 });
  expect([book.unjudged, book.of(1).classes[0]?.pairs]).toEqual([3, 2]);
});
