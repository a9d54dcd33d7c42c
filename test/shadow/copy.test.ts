import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import type { Copy } from '../../src/shadow/copy.ts';
import type { NoiseLeg } from '../../src/shadow/noise-leg.ts';
import { HEAD, SHADOW, begin, bench, newCell, send } from './mirror-kit.ts';

const EVENTS = [
  'send',
  'sent',
  'head',
  'data',
  'big',
  'end',
  'fail',
  'original',
  'originalFails',
  'abort',
  'originalData',
  'requestData',
  'result',
  'lost',
] as const;

test('every copy that is sent is concluded exactly once, and every byte comes back, in any order of events', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5), fc.constantFrom(...EVENTS)), { maxLength: 150 }), (events) => {
      const { mirror, open } = bench();
      const cell = newCell();
      const copies = Array.from({ length: 6 }, () => begin(mirror, cell));
      const ended = new Set<number>();
      const launched = new Set<number>();
      const play = (index: number, event: (typeof EVENTS)[number]) => {
        const copy = copies[index] as Copy;
        if (event === 'result')
          return open.shift()?.({
            requestId: 'r',
            differences: [],
            found: 0,
            ignored: [],
            improvedOnly: false,
          });
        if (event === 'lost') return open.shift()?.(null);
        if (event === 'send') {
          launched.add(index);
          return send(copy);
        }
        if (event === 'original') return copy.originalEnd(null);
        if (event === 'originalFails') return copy.originalEnd('upstream_reset');
        if (event === 'abort') return copy.clientAborted(true);
        // The relay and the exchange go on streaming to the client whatever became of the copy.
        if (event === 'originalData') return copy.original.body.add(Buffer.alloc(20));
        if (event === 'requestData') return copy.request.add(Buffer.alloc(20));
        // The wire calls nothing after the last call, and nothing before the copy was sent.
        if (ended.has(index) || !launched.has(index)) return undefined;
        if (event === 'end' || event === 'fail') ended.add(index);
        if (event === 'sent') copy.onSent();
        else if (event === 'head') copy.onHead(HEAD);
        else if (event === 'data') copy.onData(Buffer.alloc(10));
        else if (event === 'big') copy.onData(Buffer.alloc(600));
        else if (event === 'end') copy.onEnd();
        else copy.onFailure('upstream_reset', true);
        return undefined;
      };
      for (const [index, event] of events) {
        play(index, event);
        expect(Object.values(cell.outcomes).reduce((sum, n) => sum + n, 0) + cell.pending).toBe(
          cell.decisions.sent,
        );
      }
      copies.forEach((_, index) => {
        play(index, 'send');
        play(index, 'end');
        play(index, 'original');
      });
      while (open.length > 0) play(0, 'result');
      expect(Object.values(cell.decisions).reduce((sum, n) => sum + n, 0)).toBe(6);
      expect([cell.pending, mirror.budget.bytes, mirror.running, mirror.memory.taken]).toEqual([0, 0, 0, 0]);
    }),
    { numRuns: 400 },
  );
});

test('a cap full of unanswered copies counts against the candidate, and only in shadow', () => {
  for (const direction of ['shadow', 'reverse'] as const) {
    let nowUs = 0;
    const { mirror } = bench(2, SHADOW, () => nowUs);
    const cell = newCell(direction);
    for (let index = 0; index < 3; index += 1) send(begin(mirror, cell, direction));
    nowUs = LIMITS.saturatedMs * 1_000;
    send(begin(mirror, cell, direction));
    expect(cell.decisions.sent).toBe(3);
    expect(cell.decisions[direction === 'shadow' ? 'candidate_saturated' : 'dropped']).toBe(1);
    expect(cell.joint.error.plus).toBe(direction === 'shadow' ? 1 : 0);
  }
});

test('a cap that fills up within a moment is the doing of the gateway, and no mark against the candidate', () => {
  let nowUs = 0;
  const { mirror } = bench(2, SHADOW, () => nowUs);
  const cell = newCell();
  const copies = Array.from({ length: 3 }, () => begin(mirror, cell));
  for (const copy of copies) send(copy);
  nowUs = LIMITS.saturatedMs * 1_000 - 1;
  send(begin(mirror, cell));
  // Half of them are answered, and the cap fills up anew: it was not full of the same silence all the time.
  for (const copy of copies.slice(0, 2)) copy.onFailure('upstream_reset', true);
  nowUs += 1;
  for (let index = 0; index < 3; index += 1) send(begin(mirror, cell));
  expect(cell.decisions).toMatchObject({ sent: 5, dropped: 2, candidate_saturated: 0 });
  expect(cell.joint.error.plus).toBe(0);
});

test('the first pairs are shown and are no evidence', () => {
  const { mirror, open } = bench(1_000);
  const cell = newCell();
  const pair = (improvedOnly = false) => {
    const copy = begin(mirror, cell);
    send(copy);
    copy.onSent();
    copy.onHead(HEAD);
    copy.onEnd();
    copy.originalEnd(null);
    open.shift()?.({ requestId: 'r', differences: [], found: 1, ignored: [], improvedOnly });
  };
  for (let index = 0; index < 20; index += 1) pair();
  expect([cell.excluded, cell.joint.error.n, cell.joint.difference.n]).toEqual([20, 0, 0]);
  pair();
  pair(true);
  expect([cell.excluded, cell.joint.error.n]).toEqual([20, 2]);
  // A failure of legacy that the candidate does not have is no mark against the candidate.
  expect(cell.joint.difference).toEqual({ n: 2, plus: 1, minus: 1 });
  expect(cell.outcomes.compared).toBe(22);
});

test('an answered copy gives its place back while its original is slow', () => {
  const { mirror } = bench();
  const cell = newCell();
  for (let index = 0; index < 10; index += 1) {
    const copy = begin(mirror, cell);
    send(copy);
    copy.onSent();
    copy.onHead(HEAD);
    copy.onEnd();
  }
  expect([cell.decisions.sent, cell.decisions.dropped, cell.decisions.candidate_saturated]).toEqual([
    10, 0, 0,
  ]);
});

test('a copy whose original never ends is let go of after its time', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { mirror } = bench();
  const cell = newCell();
  const copy = begin(mirror, cell);
  send(copy);
  copy.onSent();
  copy.onHead(HEAD);
  copy.onEnd();
  vi.advanceTimersByTime(LIMITS.originalWaitMs - 1);
  expect(cell.pending).toBe(1);
  vi.advanceTimersByTime(1);
  expect([cell.pending, cell.outcomes.diff_dropped, cell.joint.error.n, mirror.running]).toEqual([
    0, 1, 0, 0,
  ]);
});

test('a budget that is spent is the gateway’s loss and no property of the answer', () => {
  const { mirror } = bench();
  const cell = newCell();
  mirror.budget.bytes = 4_900;
  const copy = begin(mirror, cell);
  send(copy);
  copy.onSent();
  copy.onHead(HEAD);
  copy.onData(Buffer.alloc(200));
  copy.onEnd();
  copy.originalEnd(null);
  expect([cell.outcomes.diff_dropped, cell.outcomes.response_too_large]).toEqual([1, 0]);
});

test('a copy given up before it reached a server is counted as never sent', () => {
  const { mirror } = bench();
  const cell = newCell();
  const copy = begin(mirror, cell);
  send(copy);
  copy.clientAborted(true);
  expect([cell.neverSent, cell.outcomes.client_aborted]).toEqual([1, 1]);
});

test('a failure of the gateway is no evidence about a lane', () => {
  const { mirror } = bench();
  const cell = newCell();
  for (let index = 0; index < 21; index += 1) {
    const copy = begin(mirror, cell);
    send(copy);
    copy.onFailure('upstream_busy', false);
    copy.originalEnd(null);
  }
  expect([cell.joint.error, cell.take()?.failures]).toEqual([
    { n: 1, plus: 0, minus: 0 },
    { upstream_busy: 21 },
  ]);
});

test('a copy that is never answered is given up at its deadline, whatever the connection does', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { mirror } = bench();
  const cell = newCell();
  const copy = begin(mirror, cell);
  send(copy);
  copy.onSent();
  copy.originalEnd(null);
  vi.advanceTimersByTime(SHADOW.timeoutMs - 1);
  expect(cell.pending).toBe(1);
  vi.advanceTimersByTime(1);
  expect([cell.pending, cell.outcomes.timed_out, mirror.running]).toEqual([0, 1, 0]);
});

const LEG_EVENTS = [
  'original',
  'originalFails',
  'abort',
  'copyEnds',
  'copyFails',
  'legEnds',
  'legFails',
  'legBig',
  'result',
  'lost',
] as const;

test('every noise leg that is sent is concluded exactly once, and every byte comes back, in any order of events', () => {
  const event = fc.tuple(fc.nat(4), fc.constantFrom(...LEG_EVENTS));
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const { mirror, open } = bench(4, { ...SHADOW, noiseShare: 1, maxInFlight: 4 });
      const cell = newCell();
      const legs: (NoiseLeg | null)[] = [];
      const over: number[] = [];
      const copies = Array.from({ length: 5 }, (_, index) => {
        const copy = begin(mirror, cell);
        legs[index] = null;
        copy.send((_body, handler, leg) => {
          if (leg !== null) {
            legs[index] = leg;
            leg.onOver = () => over.push(index);
          }
          handler.onSent(true);
          return { write: () => true, end: () => {}, pause: () => {}, resume: () => {}, abort: () => {} };
        });
        copy.original.body.add(Buffer.alloc(30));
        return copy;
      });
      const ended = new Set<string>();
      const once = (name: string, act: () => void): void => {
        if (ended.has(name)) return;
        ended.add(name);
        act();
      };
      const play = (index: number, kind: (typeof LEG_EVENTS)[number]): void => {
        const copy = copies[index] as Copy;
        const leg = legs[index] ?? null;
        if (kind === 'result')
          open.shift()?.({ requestId: 'r', differences: [], found: 0, ignored: [], improvedOnly: false });
        else if (kind === 'lost') open.shift()?.(null);
        else if (kind === 'original') copy.originalEnd(null);
        else if (kind === 'originalFails') copy.originalEnd('upstream_reset');
        else if (kind === 'abort') copy.clientAborted(true);
        else if (kind === 'copyEnds') once(`copy ${index}`, () => copy.onEnd());
        else if (kind === 'copyFails') once(`copy ${index}`, () => copy.onFailure('upstream_reset', true));
        else if (kind === 'legBig') leg?.onData(Buffer.alloc(600));
        else if (kind === 'legEnds') once(`leg ${index}`, () => leg?.onEnd());
        else once(`leg ${index}`, () => leg?.onFailure('upstream_reset'));
      };
      for (const [index, kind] of events) {
        play(index, kind);
        const { sent, pending, outcomes } = cell.noise;
        expect(Object.values(outcomes).reduce((sum, n) => sum + n, 0) + pending).toBe(sent);
      }
      for (const kind of ['copyEnds', 'legEnds', 'original'] as const) {
        copies.forEach((_, index) => play(index, kind));
      }
      while (open.length > 0) play(0, 'result');
      const { noise } = mirror;
      expect([cell.noise.pending, noise.budget.bytes, noise.budget.unanswered]).toEqual([0, 0, 0]);
      expect([mirror.budget.bytes, mirror.running, mirror.memory.taken]).toEqual([0, 0, 0]);
      expect(over.length).toBe(cell.noise.sent);
      expect(cell.noise.sent + cell.noise.dropped).toBe(cell.decisions.sent);
    }),
    { numRuns: 400 },
  );
});
