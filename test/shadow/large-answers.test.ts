import { expect, test } from 'vitest';
import { HeaderFields } from '../../src/core/headers.ts';
import { sha256Hex } from '../../src/core/hash.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Pair } from '../../src/core/observation.ts';
import { BodyCopy } from '../../src/shadow/body-copy.ts';
import { CopyBudget } from '../../src/shadow/budget.ts';
import { Mirror } from '../../src/shadow/mirror.ts';
import { CopyCell } from '../../src/telemetry/cells.ts';
import { ClassTable } from '../../src/telemetry/classes.ts';
import { Tallies } from '../../src/telemetry/tallies.ts';
import { pairOf } from '../diff/kit.ts';
import { gatewayConfig } from '../kit/snapshot.ts';

const LIMIT = 500;
const SILENT = { write: () => true, end: () => {}, pause: () => {}, resume: () => {}, abort: () => {} };

/** One copy whose two answers are these chunks; what was handed to the comparison, and what was counted. */
function exchange(original: readonly string[], answer: readonly string[], coding: string | null = null) {
  const pairs: Pair[] = [];
  const shadow = { ...gatewayConfig('http://a:1', 'http://b:1').shadow, answerBytes: LIMIT };
  const mirror = new Mirror({
    shadow,
    mask: ({ target }) => ({ target, request: [] }),
    tallies: new Tallies(),
    classes: new ClassTable((endpoint) => endpoint),
    sink: { compare: (pair) => pairs.push(pair) > 0 },
  });
  const cell = new CopyCell({ route: 'all', region: 'eu', direction: 'shadow' });
  const copy = mirror.begin({ ...pairOf({}, {}) }, cell, undefined);
  copy.send(() => SILENT);
  const fields = new HeaderFields();
  if (coding !== null) fields.append('content-encoding', coding);
  const head = { status: 200, reason: 'OK', fields, framing: 'length', contentLength: 0 } as never;
  copy.original.head(head);
  for (const chunk of original) copy.original.body.add(Buffer.from(chunk));
  copy.onSent();
  copy.onHead(head);
  for (const chunk of answer) copy.onData(Buffer.from(chunk));
  copy.onEnd();
  copy.originalEnd(null);
  return { pairs, cell, mirror };
}

const big = (last: string) => ['a'.repeat(300), 'b'.repeat(300), 'c'.repeat(300), last];

test('answers over the limit are hashed while they stream by, however they are cut, and then compared', () => {
  const { pairs, cell, mirror } = exchange(big('x'), [big('x').join('')]);
  expect(pairs).toHaveLength(1);
  expect(pairs[0]?.legacy).toMatchObject({ bodyBytes: 901, bodyHash: sha256Hex(big('x').join('')) });
  expect(pairs[0]?.legacy.bodyHash).toBe(pairs[0]?.candidate.bodyHash);
  expect(pairs[0]?.legacy.body).toHaveLength(0);
  expect(cell.outcomes.response_too_large).toBe(0);
  expect(mirror.budget.bytes).toBe(0);
});

test('one byte more or other makes another hash, and an answer that was kept has none', () => {
  const { pairs } = exchange(big('x'), big('y'));
  expect(pairs[0]?.legacy.bodyHash).not.toBe(pairs[0]?.candidate.bodyHash);
  const [kept] = exchange(['small'], ['small']).pairs;
  expect([kept?.legacy.bodyHash, kept?.candidate.bodyHash]).toEqual([null, null]);
});

test('of large answers under a coding only equality is known: unequal bytes are missing evidence', () => {
  expect(exchange(big('x'), big('x'), 'gzip').pairs).toHaveLength(1);
  const { pairs, cell } = exchange(big('x'), big('y'), 'gzip');
  expect([pairs.length, cell.outcomes.response_too_large]).toEqual([0, 1]);
  expect(cell.joint.difference.plus).toBe(0);
});

test('a large answer under a coding is no difference beside one within the limit: they may say the same', () => {
  for (const coding of ['gzip', null]) {
    const { pairs, cell } = exchange(big('x'), ['small'], coding);
    expect([pairs.length, cell.outcomes.response_too_large]).toEqual(coding === null ? [1, 0] : [0, 1]);
    expect(cell.joint.difference.plus).toBe(0);
  }
});

test('a request body over its limit is not hashed, and an answer beyond what is hashed neither', () => {
  const budget = new CopyBudget(1, 10_000);
  const request = new BodyCopy(budget, 10);
  request.add(Buffer.alloc(20));
  expect(request.hash()).toBeNull();
  const answer = new BodyCopy(budget, 10, { hashes: true });
  const chunk = Buffer.alloc(1024 * 1024);
  for (let sent = 0; sent < LIMITS.hashedBytes; sent += chunk.length) answer.add(chunk);
  const atLimit = new BodyCopy(budget, 10, { hashes: true });
  atLimit.add(chunk);
  answer.add(Buffer.alloc(1));
  expect([answer.hash(), answer.bytes, answer.overflowed]).toEqual([null, LIMITS.hashedBytes + 1, 'limit']);
  expect(atLimit.hash()).toBe(sha256Hex(chunk));
  expect(budget.bytes).toBe(0);
});

test('where no answer may be kept none is hashed either: nothing is done with its bytes', () => {
  const none = new BodyCopy(new CopyBudget(1, 10_000), 0, { hashes: true });
  none.add(Buffer.from('x'));
  expect([none.overflowed, none.hash(), none.bytes]).toEqual(['limit', null, 1]);
});
