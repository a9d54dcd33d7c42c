import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { startDiffWorker } from '../../src/shadow/diff-worker.ts';
import { Mirror } from '../../src/shadow/mirror.ts';
import { packBatch, SlabNumbers } from '../../src/shadow/pack.ts';
import { CopyCell } from '../../src/telemetry/cells.ts';
import { ClassTable } from '../../src/telemetry/classes.ts';
import { Tallies } from '../../src/telemetry/tallies.ts';
import { pairOf } from '../diff/kit.ts';
import { gatewayConfig } from '../kit/snapshot.ts';

const MAX_BYTES = 10_000;
const SUBJECT = { ...pairOf({}, {}), direction: 'shadow' } as const;
const SILENT = { write: () => true, end: () => {}, pause: () => {}, resume: () => {}, abort: () => {} };

/** A worker whose candidate takes every copy and never says a word. */
function hungCandidate(maxInFlight: number) {
  const shadow = { ...gatewayConfig('http://a:1', 'http://b:1').shadow, maxInFlight, maxBytes: MAX_BYTES };
  let nowUs = 0;
  const mirror = new Mirror({
    shadow,
    // Each look at the clock is a second later: the cap is never full for a moment only.
    nowUs: () => (nowUs += 1_000_000),
    mask: ({ target }) => ({ target, request: [] }),
    tallies: new Tallies(),
    classes: new ClassTable((endpoint) => endpoint),
    sink: { compare: () => false },
  });
  const cell = new CopyCell({ route: 'all', region: 'eu', direction: 'shadow' });
  /** One request of a client with its answer from legacy. */
  const exchange = (requestBytes: number, answerBytes: number) => {
    const copy = mirror.begin(SUBJECT, cell, undefined);
    copy.request.add(Buffer.alloc(requestBytes));
    copy.send(() => SILENT);
    copy.original.body.add(Buffer.alloc(answerBytes));
    copy.originalEnd(null);
    return copy;
  };
  return { mirror, cell, exchange };
}

test('a candidate that hangs makes the gateway hold no more bytes than it may', () => {
  const { mirror, cell, exchange } = hungCandidate(1_000);
  const copies = Array.from({ length: 500 }, () => exchange(300, 700));
  expect(mirror.budget.bytes).toBeGreaterThan(MAX_BYTES - 1_000);
  expect(mirror.budget.bytes).toBeLessThanOrEqual(MAX_BYTES);
  expect(cell.decisions.dropped).toBeGreaterThan(400);
  expect(cell.decisions.candidate_saturated).toBe(0);
  for (const copy of copies) copy.onFailure('total_timeout', true);
  expect(mirror.budget.bytes).toBe(0);
});

test('a candidate that hangs has no more copies than it may, and those beyond count against it', () => {
  const { mirror, cell, exchange } = hungCandidate(5);
  for (let index = 0; index < 50; index += 1) exchange(0, 10);
  expect(mirror.budget.held).toBe(5);
  expect(cell.decisions).toMatchObject({ sent: 5, candidate_saturated: 45, dropped: 0 });
  expect(cell.joint.error).toEqual({ n: 45, plus: 45, minus: 0 });
});

test('a candidate that stays silent gets a few copies only, and all of them when it speaks again', () => {
  const { mirror, cell, exchange } = hungCandidate(256);
  const hung = Array.from({ length: LIMITS.silentCopies }, () => exchange(0, 10));
  for (const copy of hung) copy.onFailure('total_timeout', true);
  const probes = Array.from({ length: 100 }, () => exchange(0, 10));
  expect(mirror.budget.unanswered).toBe(LIMITS.copiesToSilentLane);
  expect(cell.decisions.candidate_saturated).toBe(100 - LIMITS.copiesToSilentLane);
  probes[0]?.onFailure('upstream_reset', true);
  for (let index = 0; index < 50; index += 1) exchange(0, 10);
  expect(mirror.budget.unanswered).toBe(LIMITS.copiesToSilentLane - 1 + 50);
});

test('a single answer between timeouts keeps a slow candidate from being taken for a silent one', () => {
  const { mirror, exchange } = hungCandidate(256);
  for (let index = 0; index < LIMITS.silentCopies * 3; index += 1) {
    exchange(0, 10).onFailure(index % LIMITS.silentCopies === 9 ? 'upstream_reset' : 'total_timeout', true);
  }
  expect(mirror.refusal('shadow', SUBJECT.route)).toBeNull();
  for (let index = 0; index < 200; index += 1) exchange(0, 10);
  expect(mirror.budget.unanswered).toBe(200);
});

test('copies that were answered and wait for slow originals are bounded too', () => {
  const { mirror, cell } = hungCandidate(LIMITS.copiesHeld * 2);
  for (let index = 0; index < LIMITS.copiesHeld + 10; index += 1) {
    const copy = mirror.begin(SUBJECT, cell, undefined);
    copy.send(() => SILENT);
    copy.onFailure('upstream_reset', true);
  }
  expect([mirror.budget.held, cell.decisions.dropped]).toEqual([LIMITS.copiesHeld, 10]);
  expect(mirror.budget.unanswered).toBe(0);
});

test('bodies go to the diff thread as one buffer that changes hands and is not copied again', async () => {
  const worker = startDiffWorker({ onAnswer: () => {}, onGone: () => {} });
  const batch = packBatch(1, 0, [pairOf({ body: 'a' }, { body: 'b' })], new SlabNumbers());
  expect(batch.bodies.byteLength).toBe(2);
  worker.send(batch);
  expect(batch.bodies.detached).toBe(true);
  await worker.end();
});

test('a route that hangs takes no copies from the routes that answer', () => {
  const { mirror, exchange } = hungCandidate(256);
  for (let index = 0; index < LIMITS.silentCopies; index += 1)
    exchange(0, 10).onFailure('total_timeout', true);
  for (let index = 0; index < 100; index += 1) exchange(0, 10);
  expect(mirror.refusal('shadow', SUBJECT.route)).toBe('candidate_saturated');
  expect([mirror.refusal('shadow', 'another'), mirror.refusal('reverse', SUBJECT.route)]).toEqual([
    null,
    null,
  ]);
});
