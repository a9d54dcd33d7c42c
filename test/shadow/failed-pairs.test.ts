import { expect, test } from 'vitest';
import type { FailureCode } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Direction } from '../../src/core/snapshot.ts';
import { comparePair } from '../../src/diff/compare.ts';
import type { Copy } from '../../src/shadow/copy.ts';
import type { Mirror } from '../../src/shadow/mirror.ts';
import type { CopyCell } from '../../src/telemetry/cells.ts';
import { HEAD, begin, bench, newCell, send } from './mirror-kit.ts';

/** What a candidate's copy, and the original, may come to. */
function ended(
  mirror: Mirror,
  code: FailureCode,
  { direction = 'shadow', legacy = 200 }: { direction?: Direction; legacy?: number } = {},
): Copy {
  const copy = begin(mirror, newCell(direction), direction);
  send(copy);
  copy.onSent();
  copy.original.head({ ...HEAD, status: legacy });
  copy.originalEnd(null);
  copy.onFailure(code, true);
  return copy;
}

test('a candidate that gives no answer has a class, as evidence like any other', () => {
  const { mirror, classes } = bench();
  for (let index = 0; index < 20; index += 1) ended(mirror, 'upstream_reset');
  for (const code of ['upstream_reset', 'upstream_truncated', 'total_timeout', 'upstream_protocol'] as const)
    ended(mirror, code);
  const taken = classes.take();
  expect(taken.classes).toMatchObject([
    { kind: 'regressed', path: 'status/200-none', count: 24, evidence: { pairs: 4 } },
  ]);
  expect(taken.endpoints).toMatchObject([{ pairs: 4 }]);
  expect(taken.classes[0]?.example).toMatchObject({
    difference: { legacy: '200', candidate: 'upstream_reset' },
    legacy: { status: 200 },
    candidate: { status: 0 },
  });
  ended(mirror, 'connect_refused', { legacy: 500 });
  expect(classes.take().classes).toMatchObject([{ kind: 'both_failed', path: 'status' }]);
});

test('two failures are a class, and neither a difference nor agreement', () => {
  const { mirror, open, classes } = bench();
  const cell = newCell();
  const both = { kind: 'both_failed', path: 'status', legacy: '503', candidate: '503' } as const;
  const none = { requestId: 'r', ignored: [], improvedOnly: false };
  // The first twenty pairs are warm-up.
  for (let index = 0; index < LIMITS.warmUpPairs + 3; index += 1) {
    const last = index === LIMITS.warmUpPairs + 2;
    answered(mirror, cell, last ? 200 : 503);
    open.shift()?.(
      last ? { ...none, differences: [], found: 0 } : { ...none, differences: [both], found: 1 },
    );
  }
  expect(cell.joint.error).toEqual({ n: 3, plus: 0, minus: 0 });
  expect(cell.joint.difference).toEqual({ n: 1, plus: 0, minus: 0 });
  expect(classes.take().classes).toMatchObject([{ kind: 'both_failed', count: LIMITS.warmUpPairs + 2 }]);
});

test('a failure of one lane is judged as an error, and as no difference of the other kind', () => {
  const { mirror, open } = bench();
  const cell = newCell();
  const regressed = { kind: 'regressed', path: 'status/200-500', legacy: '200', candidate: '500' } as const;
  const improved = { ...regressed, kind: 'improved', path: 'status/500-200' } as const;
  for (let index = 0; index < LIMITS.warmUpPairs + 3; index += 1) {
    const last = index - LIMITS.warmUpPairs;
    const difference = last === 1 ? regressed : improved;
    answered(mirror, cell, last === 2 ? 500 : 200, last === 1 ? 500 : 200);
    const result = { requestId: 'r', ignored: [], improvedOnly: last === 2 };
    open.shift()?.(
      last < 1
        ? { ...result, differences: [], found: 0 }
        : { ...result, differences: [difference], found: 1 },
    );
  }
  expect(cell.joint.error).toEqual({ n: 3, plus: 1, minus: 1 });
  expect(cell.joint.difference).toEqual({ n: 1, plus: 0, minus: 0 });
});

test('no answer for a reason that is the gateway’s or the client’s is no class of the candidate', () => {
  const { mirror, classes } = bench();
  ended(mirror, 'upstream_busy');
  ended(mirror, 'client_aborted');
  // A copy that goes to legacy says nothing about a candidate that did answer.
  ended(mirror, 'upstream_reset', { direction: 'reverse' });
  const gone = begin(mirror, newCell());
  send(gone);
  gone.clientAborted(true);
  expect(classes.take().classes).toEqual([]);
});

test('clients that give up on a lane that hangs count against it, and as nothing when neither had answered', () => {
  for (const direction of ['reverse', 'shadow'] as const) {
    const { mirror, classes } = bench();
    const cell = newCell(direction);
    const gone = (answers: boolean, begun = false, gaveUp = true): void => {
      const copy = begin(mirror, cell, direction);
      send(copy);
      copy.onSent();
      if (begun) copy.original.head(HEAD);
      if (answers) copy.onHead(HEAD);
      if (answers) copy.onEnd();
      copy.clientAborted(gaveUp);
    };
    for (let index = 0; index < LIMITS.warmUpPairs + 3; index += 1) gone(true);
    gone(false);
    gone(true, true);
    // The end of a drain cuts clients that would have gone on waiting.
    gone(true, false, false);
    const [plus, minus] = direction === 'reverse' ? [3, 0] : [0, 3];
    expect(cell.joint.error).toEqual({ n: 3, plus, minus });
    expect(cell.outcomes.client_aborted).toBe(LIMITS.warmUpPairs + 6);
    const told = classes.take().classes.map(({ kind, path }) => [kind, path]);
    expect(told).toEqual(direction === 'reverse' ? [['regressed', 'status/200-none']] : []);
  }
});

test('a candidate that does not answer the client is compared as one without an answer', () => {
  const { mirror } = bench();
  const cell = newCell('reverse');
  const copy = begin(mirror, cell, 'reverse');
  send(copy);
  copy.onSent();
  copy.onHead(HEAD);
  copy.onEnd();
  copy.originalEnd('upstream_reset');
  expect(copy.original.captured().status).toBe(0);
  const pair = { ...copy.subject, legacy: copy.answer.captured(), candidate: copy.original.captured() };
  expect(comparePair(pair).differences).toMatchObject([{ kind: 'regressed', path: 'status/200-none' }]);
});

/** A pair of two answers, with one status unless said otherwise. */
function answered(mirror: Mirror, cell: CopyCell, status: number, candidate = status): void {
  const copy = begin(mirror, cell);
  send(copy);
  copy.onSent();
  copy.original.head({ ...HEAD, status });
  copy.originalEnd(null);
  copy.onHead({ ...HEAD, status: candidate });
  copy.onEnd();
}
