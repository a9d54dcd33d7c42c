import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sharedData } from '../kit/shared-data.ts';
import { type AnswerSketch, classes, compare } from './kit.ts';
import { compareUnder, ruleOf } from './rules-kit.ts';

interface FixturePair {
  readonly method: string;
  readonly target: string;
  readonly legacy: AnswerSketch;
  readonly candidate: AnswerSketch;
}

interface Expected {
  readonly pairs: readonly {
    readonly request: string;
    readonly classes: readonly { readonly class: string; readonly verdict: 'matters' | 'noise' }[];
  }[];
  readonly rules: readonly string[];
}

function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/pairs/${name}`, import.meta.url), 'utf8'));
}

const PAIRS = fixture('elasticsearch-opensearch.json') as FixturePair[];
const EXPECTED = fixture('elasticsearch-opensearch.expected.json') as Expected;

test('finds in real pairs of a migration what was found in them by hand, and nothing else', () => {
  for (const [index, { request, classes: wanted }] of EXPECTED.pairs.entries()) {
    const { method, target, legacy, candidate } = PAIRS[index] as FixturePair;
    expect(`${method} ${target}`.startsWith(request)).toBe(true);
    const found = classes(compare(legacy, candidate, { method, target }));
    expect(found.toSorted(), request).toEqual(wanted.map((each) => each.class).toSorted());
  }
});

test('with rules for what is noise in them, what is left of real pairs is what matters', async () => {
  const rules = EXPECTED.rules.map((path) => ruleOf(path, { do: 'ignore', kinds: ['json_value'] }));
  for (const [index, { request, classes: wanted }] of EXPECTED.pairs.entries()) {
    const { legacy, candidate } = PAIRS[index] as FixturePair;
    const left = wanted.filter(({ verdict }) => verdict === 'matters').map((each) => each.class);
    // Said of `build_*`, the rule would hide that another kind of build answers: a person sees that in the list of hits.
    const spared = left.filter((each) => each !== 'json_value /version/build_type');
    expect(classes(await compareUnder(rules, legacy, candidate)).toSorted(), request).toEqual(
      spared.toSorted(),
    );
  }
});

test('hashes of builds and ids of clusters do not leave the comparison of real pairs', () => {
  const results = PAIRS.map(({ legacy, candidate }) => compare(legacy, candidate));
  expect(JSON.stringify(results)).not.toContain('61dbcd0795c9bfe9');
});

interface SourcePair {
  readonly sourceResponse: SourceAnswer;
  readonly targetResponses: readonly SourceAnswer[];
}
type SourceAnswer = Readonly<Record<string, unknown>> & {
  readonly 'Status-Code': number;
  readonly body: string;
};

test('the pairs kept here are the pairs of the source, where that is at hand', () => {
  const file = sharedData('pairs/elasticsearch-opensearch-pairs.json');
  if (file === null) return;
  const source = JSON.parse(readFileSync(file, 'utf8')) as SourcePair[];
  const sketch = (answer: SourceAnswer): AnswerSketch => ({
    status: answer['Status-Code'],
    fields: [
      'content-type',
      String(answer['content-type']),
      'content-length',
      String(answer['content-length']),
    ],
    body: Buffer.from(answer.body, 'base64').toString(),
  });
  expect(PAIRS.map(({ legacy, candidate }) => [legacy, candidate])).toEqual(
    source.map((pair) => [sketch(pair.sourceResponse), sketch(pair.targetResponses[0] as SourceAnswer)]),
  );
});
