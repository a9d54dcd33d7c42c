import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { isDeepStrictEqual } from 'node:util';
import { monotonicMs } from '../../src/core/clock.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { PairResult } from '../../src/core/observation.ts';
import { agree } from '../../src/diff/agree.ts';
import { comparePair } from '../../src/diff/compare.ts';
import { compileRules } from '../../src/diff/rules.ts';
import { type AnswerSketch, pairOf } from '../diff/kit.ts';
import { ruleOf } from '../diff/rules-kit.ts';
import { mutate } from './mutate.ts';
import type { Subject } from './subject.ts';

/**
 * An input is `TYPE|CODING|REPEAT|legacy body` and `\0|\0` and the candidate's: texts as latin-1, each repeated, then encoded.
 * A coding in capitals is only said.
 */
const BETWEEN = '\0|\0';

const TYPES = [
  'application/json',
  'application/x-ndjson',
  'text/html',
  'application/xml',
  'text/plain; charset=utf-8',
  'image/png',
  'x',
  '',
];
const PACKERS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  gzip: (body) => gzipSync(body),
  deflate: (body) => deflateSync(body),
  br: (body) => brotliCompressSync(body),
  zstd: (body) => zstdCompressSync(body),
};
const CODINGS = [
  '',
  '',
  '',
  ...Object.keys(PACKERS),
  'GZIP',
  'BR',
  'ZSTD',
  'DEFLATE',
  'identity',
  'compress',
];

const BODIES = [
  '{"a":1,"b":[1,2,{"c":null,"d":"x"}],"e":{"f":1.50,"g":-0,"h":9007199254740993}}',
  '[{"id":1,"n":"a"},{"id":2,"n":"b"},{"id":3,"n":"c"}]',
  '{"a":1,"a":2,"__proto__":{"x":1},"constructor":{"prototype":1}}',
  '["\\u00e9","\\ud800","\u00e9\u00c3\u00a9","\\\\","\\"",1e400,0.1,1E+2]',
  '{"a":1}\n{"a":2}\n\n{"a":[3]}\n',
  '<!doctype html><html><head><title>a</title></head><body class=x><p>b <b>c</b></p><pre> d\n</pre><br></body></html>',
  '<?xml version="1.0"?><r a="1" b=\'2\'><![CDATA[x]]><!-- c --><d/>&amp;&#65;</r>',
  'line one\nline two\r\nline three\rtoken=abcdef0123456789abcdef01\n',
  '\x89PNG\r\n\x1a\n\0\0\0',
  '[',
  '',
];

const RULES = await compileRules(
  [
    ruleOf('body/**/id', { do: 'ignore', kinds: ['json_value'] }),
    ruleOf('body', { do: 'sort' }),
    ruleOf('body/b', { do: 'unordered' }),
    ruleOf('body/*', { do: 'regex', pattern: '(a|b)+', replace: '' }),
    ruleOf('body/**', { do: 'tolerance', unit: 'share', most: 0.001 }),
    ruleOf('body/html/**/#text', { do: 'lower' }),
    ruleOf('headers/content-type', { do: 'ignore', kinds: [] }),
  ],
  0,
);

/** Time of one comparison of at most a few MB on a busy machine. */
const BUDGET_MS = LIMITS.diffHangMs / 2;

/** Bodies of answers, and what is made of them. */
export const differencesSubject: Subject = {
  name: 'differences',
  corpus: [
    ...BODIES.flatMap((body) => TYPES.map((type) => inputOf(type, '', 1, body, `${body} `))),
    ...TYPES.map((type) => inputOf(type, '', 400_000, '[', '[[')),
    ...TYPES.map((type) => inputOf(type, '', 200_000, '{"a":', '<b>')),
    ...TYPES.map((type) => inputOf(type, 'gzip', 1_000_000, 'aaaaaaaa', 'aaaaaaab')),
    ...TYPES.map((type) => inputOf(type, '', 100_000, '{"a":1}\n', '{"a":2}\r')),
    inputOf('application/json', '', 1, `[${'1,'.repeat(5_000_000)}1]`, `[${'1,'.repeat(5_000_000)}2]`),
  ],
  make(draw) {
    const legacy = mutate(draw.of(BODIES), draw, draw.of(BODIES));
    const candidate = draw.once(4) ? draw.of(BODIES) : mutate(legacy, draw, draw.of(BODIES));
    const repeat = draw.once(20) ? draw.below(2_000) : 1;
    return inputOf(draw.of(TYPES), draw.of(CODINGS), repeat, legacy, candidate);
  },
  check(input) {
    const read = sketchesOf(input);
    if (read === null) return null;
    const [one, other] = read;
    return problemOf(one, other, input) ?? problemOf(other, one, input);
  },
};

function inputOf(type: string, coding: string, repeat: number, legacy: string, candidate: string): string {
  return `${type}|${coding}|${repeat}|${legacy}${BETWEEN}${candidate}`;
}

function sketchesOf(input: string): [AnswerSketch, AnswerSketch] | null {
  const match = /^([^|]*)\|([^|]*)\|(\d{1,7})\|(.*)$/s.exec(input);
  if (match === null) return null;
  const [, type = '', coding = '', repeat = '1', rest = ''] = match;
  const at = rest.indexOf(BETWEEN);
  const sketch = (text: string): AnswerSketch => {
    const body = Buffer.from(
      text.repeat(Math.min(Number(repeat), 4_000_000 / (text.length + 1) + 1)),
      'latin1',
    );
    const fields = ['content-type', type, ...(coding === '' ? [] : ['content-encoding', coding])];
    return { fields, body: PACKERS[coding]?.(body) ?? body };
  };
  return at === -1 ? null : [sketch(rest.slice(0, at)), sketch(rest.slice(at + BETWEEN.length))];
}

function problemOf(one: AnswerSketch, other: AnswerSketch, input: string): string | null {
  const pair = pairOf(one, other);
  const startedMs = monotonicMs();
  const result = comparePair(pair);
  const tookMs = monotonicMs() - startedMs;
  if (tookMs > BUDGET_MS) return `it took ${tookMs} ms`;
  if (comparePair(pairOf(one, one)).found > 0) return 'an answer differs from itself';
  const back = comparePair(pairOf(other, one));
  if (back.found !== result.found) return `${result.found} one way and ${back.found} the other`;
  if (agree(pair) && result.found > 0) return 'it plainly agrees and differs';
  const ruled = comparePair(pair, RULES);
  if (result.found === 0 && ruled.found > 0) return 'rules make a difference of none';
  return missed(one, other, result, input) ?? unsafe(result) ?? unsafe(ruled);
}

/** Two documents whose values differ and that are called equal. */
function missed(one: AnswerSketch, other: AnswerSketch, result: PairResult, input: string): string | null {
  if (result.found > 0 || !input.startsWith('application/json||')) return null;
  try {
    const values = [one, other].map(({ body = '' }) => JSON.parse(body.toString()) as unknown);
    // Minus zero is zero.
    const [legacy, candidate] = values.map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    return isDeepStrictEqual(legacy, candidate) ? null : 'two documents that differ are called equal';
  } catch {
    return null;
  }
}

/** What leaves the comparison is short and drives no terminal. */
function unsafe({ differences }: PairResult): string | null {
  for (const { path, legacy, candidate } of differences) {
    for (const text of [path, legacy ?? '', candidate ?? '']) {
      if (text.length > LIMITS.exampleChars) return `a text of ${text.length} characters`;
      if (/\p{Cc}/u.test(text)) return 'a control character in an example';
    }
  }
  return null;
}
