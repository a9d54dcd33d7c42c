import * as fc from 'fast-check';
import * as jsondiffpatch from 'jsondiffpatch';
import { expect, test } from 'vitest';
import { Findings } from '../../src/diff/findings.ts';
import { compareAsJson } from '../../src/diff/json-body.ts';
import { compareJson } from '../../src/diff/json-compare.ts';
import { readJson } from '../../src/diff/json-reader.ts';
import { differingPart } from '../../src/diff/json-skip.ts';
import { compileRules } from '../../src/diff/rules.ts';
import { classes, compare, json } from './kit.ts';
import { documentTexts, mutate } from './json-text.ts';
import { ruleOf } from './rules-kit.ts';

test('a document compared with itself has no difference', () => {
  fc.assert(
    fc.property(documentTexts, ({ text }) => {
      expect(json(text, text).found).toBe(0);
      expect(json(text, ` ${text}\n`).found).toBe(0);
    }),
    { numRuns: 1_000 },
  );
});

test('any single change of the bytes of a document is found at its path, once, and in both directions', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(documentTexts, fc.nat(), (written, choice) => {
      const { text, kind, path } = mutate(written, choice);
      const [there, back] = [json(written.text, text), json(text, written.text)];
      expect([there.found, back.found], `${written.text} ${text}`).toEqual([1, 1]);
      const [difference] = there.differences;
      expect(difference?.path).toBe(path);
      expect(kind).toContain(difference?.kind);
      expect(back.differences[0]?.path).toBe(path);
      seen.add(difference?.kind ?? '');
    }),
    { numRuns: 2_000 },
  );
  expect([...seen].toSorted()).toEqual(['json_added', 'json_length', 'json_type', 'json_value']);
});

test('any two changes of the bytes of a document are found, whichever they are', () => {
  fc.assert(
    fc.property(documentTexts, fc.nat(), fc.nat(), (written, one, other) => {
      const [first, second] = [mutate(written, one).text, mutate(written, other).text];
      expect(json(first, second).found > 0).toBe(first !== second);
    }),
    { numRuns: 2_000 },
  );
});

test('another comparison of documents says the same about whether they differ', () => {
  let differed = 0;
  // It takes members of these names for what objects inherit.
  const plain = documentTexts.filter(({ text }) => !/"(?:__proto__|constructor)"/.test(text));
  fc.assert(
    fc.property(plain, plain, fc.nat(), fc.boolean(), (one, other, choice, related) => {
      const candidate = related ? mutate(one, choice).text : other.text;
      const values = [one.text, candidate].map((text) => JSON.parse(text) as unknown);
      const delta = jsondiffpatch.create({ cloneDiffValues: false }).diff(values[0], values[1]);
      if (delta !== undefined) differed += 1;
      expect(json(one.text, candidate).found > 0).toBe(delta !== undefined);
    }),
    { numRuns: 3_000 },
  );
  expect(differed).toBeGreaterThan(1_000);
});

/** Whole documents read and compared, without looking for what they have in common. */
function inFull(legacy: string, candidate: string, findings: Findings): void {
  const [one, other] = [readJson(legacy), readJson(candidate)];
  if (!one.ok || !other.ok) throw new Error('these are documents');
  compareJson(one.value, other.value, findings);
}

test('looking only at the part that differs finds what a look at everything finds', async () => {
  const globs = ['body/**/a', 'body/*/b', 'body/name/**', 'body/**/price', 'body/*'];
  const books = await Promise.all([
    compileRules([], 0),
    ...globs.flatMap((glob) => [
      compileRules([ruleOf(glob, { do: 'ignore', kinds: [] })], 0),
      compileRules([ruleOf(glob, { do: 'unordered' })], 0),
    ]),
  ]);
  let skipped = 0;
  fc.assert(
    fc.property(documentTexts, fc.nat(), fc.nat(), fc.constantFrom(...books), (written, one, other, book) => {
      const rules = book.forEndpoint('GET /');
      const [legacy, candidate] = [mutate(written, one).text, mutate(written, other).text];
      const [quick, full] = [new Findings(rules), new Findings(rules)];
      const bytes = [Buffer.from(legacy), Buffer.from(candidate)] as const;
      if (legacy === candidate) return;
      if (differingPart(...bytes, rules?.body ?? null) !== null) skipped += 1;
      compareAsJson(...bytes, quick);
      inFull(legacy, candidate, full);
      expect(quick.result('r')).toEqual(full.result('r'));
    }),
    { numRuns: 3_000 },
  );
  expect(skipped).toBeGreaterThan(250);
});

const BROKEN = [
  '{"a":[1,2',
  '{"a":[1,2]}}',
  '{"a":[01,2]}',
  '{"a":["\t",2]}',
  '{"a":[1,2],}',
  '\ufeff{"a":[1,2]}',
  '{"a":["\\x",2]}',
  '{"a":[+1,2]}',
  '{"a":[1.,2]}',
  '{"a":[tru,2]}',
];

test.each(BROKEN)(
  'two documents that are broken alike beside their difference are not taken for valid: %j',
  (text) => {
    expect(classes(json(text, text.replace('2', '3')))).toEqual(['json_invalid body']);
    const wrapped = (inner: string) => `[{"x":[${inner}]},${text}]`;
    expect(classes(json(wrapped('1'), wrapped('2')))).toEqual(['json_invalid body']);
  },
);

test('bytes that are no UTF-8 are noticed wherever they stand', () => {
  const body = (value: number) => Buffer.from(`[{"x":[${value}]},"\u00e9"]`, 'latin1');
  const fields = ['content-type', 'application/json'];
  expect(classes(compare({ fields, body: body(1) }, { fields, body: body(2) }))).toEqual([
    'json_invalid body',
  ]);
});

test('a key that stands twice on the way to a difference changes nothing about its place', () => {
  expect(classes(json('{"a":{"x":[1]},"a":{"x":[1]}}', '{"a":{"x":[1]},"a":{"x":[2]}}'))).toEqual([
    'json_value /a/x/*',
  ]);
  expect(classes(json('{"a":[{"x":1,"x":2}]}', '{"a":[{"x":1,"x":3}]}'))).toEqual(['json_value /a/*/x']);
});
