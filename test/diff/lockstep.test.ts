import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { Findings } from '../../src/diff/findings.ts';
import { compareAsJson } from '../../src/diff/json-body.ts';
import { compareJson } from '../../src/diff/json-compare.ts';
import { readJson } from '../../src/diff/json-reader.ts';
import { differingParts } from '../../src/diff/json-skip.ts';
import { compileRules } from '../../src/diff/rules.ts';
import { documentTexts } from './json-text.ts';
import { classes, json } from './kit.ts';
import { ruleOf } from './rules-kit.ts';

const PIECES = ['1', '2', '"x"', '[', '{}', ',', 'null', '"a":', '9', ' ', '12', ']', '"'];
const edits = fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...PIECES)), {
  minLength: 1,
  maxLength: 4,
});

test('after any edits of its bytes a document differs as the whole of it says, or is left to the whole', async () => {
  const books = await Promise.all([
    compileRules([], 0),
    compileRules([ruleOf('body/**/a', { do: 'sort' }), ruleOf('body/*', { do: 'keyedBy', field: 'a' })], 0),
  ]);
  let skipped = 0;
  fc.assert(
    fc.property(documentTexts, edits, fc.constantFrom(...books), ({ text }, list, book) => {
      const rules = book.forEndpoint('GET /');
      let edited = text;
      for (const [place, removed, piece] of list) {
        const at = place % (edited.length + 1);
        edited = edited.slice(0, at) + piece + edited.slice(at + removed);
      }
      const [legacy, candidate] = [Buffer.from(text), Buffer.from(edited)];
      const [one, other] = [readJson(text), readJson(candidate.toString())];
      if (differingParts(legacy, candidate, rules?.body ?? null) !== null) {
        skipped += 1;
        expect(other.ok, edited).toBe(true);
      }
      if (!one.ok || !other.ok) return;
      const [quick, full] = [new Findings(rules), new Findings(rules)];
      compareAsJson(legacy, candidate, quick);
      compareJson(one.value, other.value, full);
      expect(quick.result('r')).toEqual(full.result('r'));
    }),
    { numRuns: 4_000 },
  );
  expect(skipped).toBeGreaterThan(50);
});

/** The places at which two texts are read at all. */
function places(legacy: string, candidate: string): string[] | null {
  const parts = differingParts(Buffer.from(legacy), Buffer.from(candidate), null);
  return parts?.map(({ place }) => place.map((key) => key ?? '*').join('/')) ?? null;
}

test('only values that differ are read, and lists as a whole where more than one element differs', () => {
  const document = (at: number, prices: number[], page: number) =>
    JSON.stringify({ at, items: prices.map((price, id) => ({ id, price, name: 'x' })), page });
  const one = document(1, [1, 2, 3], 1);
  expect(places(one, document(2, [1, 9, 3], 2))).toEqual(['at', 'items/*/price', 'page']);
  expect(places(one, document(1, [7, 8, 3], 10))).toEqual(['items', 'page']);
  expect(places(one, document(1, [1, 2, 3, 4], 1))).toEqual(['items']);
  expect(places(one, one.replace('"name":"x"}', '"name":"x","new":[]}'))).toEqual(['items/*']);
  expect(places(one, one.replace('"at"', '"At"'))).toBeNull();
  expect(places('[1]', '[1,2]')).toBeNull();
});

test('an object so large that it may be a table is read as a whole, so that its keys stay out of the path', () => {
  const table = (value: number) => {
    const keys = Array.from({ length: LIMITS.jsonTableKeys + 1 }, (_, index) => `user-${'x'.repeat(index)}`);
    return JSON.stringify({ by: Object.fromEntries(keys.map((key) => [key, { n: 1 }])) }).replace(
      '1',
      String(value),
    );
  };
  expect(places(table(1), table(2))).toEqual(['by']);
  expect(classes(json(table(1), table(2)))).toEqual(['json_value /by/*/n']);
});

test('depth counts from the root, wherever reading begins', () => {
  const deep = (inner: string) =>
    `{"a":${'['.repeat(LIMITS.jsonDepth)}${inner}${']'.repeat(LIMITS.jsonDepth)}}`;
  expect(places(deep('1'), deep('2'))).toBeNull();
  expect(classes(json(deep('1'), deep('2')))).toEqual(['json_limit body']);
  const within = (inner: string) => deep(inner).replace('[', '').replace(']', '');
  expect(classes(json(within('1'), within('[2]')))).toEqual(['json_limit body']);
  expect(classes(json(within('1'), within('2')))[0]).toContain('json_value');
});
