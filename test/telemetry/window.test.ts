import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { OUTCOMES } from '../../src/core/observation.ts';
import { ClassTable } from '../../src/telemetry/classes.ts';
import { Recorder } from '../../src/telemetry/recorder.ts';
import { summarise } from '../../src/telemetry/summary.ts';
import type { TelemetryDelta } from '../../src/telemetry/types.ts';
import { WindowKeeper } from '../../src/telemetry/window.ts';
import { IDLE_GAUGES } from '../kit/gauges.ts';

/** A recorder whose deltas name their worker and time. */
function worker(name: string): {
  recorder: Recorder;
  delta: (atMs: number, epoch?: number) => TelemetryDelta;
} {
  const recorder = new Recorder(new ClassTable((endpoint, kind, path) => `${endpoint} ${kind} ${path}`));
  return {
    recorder,
    delta: (atMs, epoch = 1) => ({
      ...(recorder.take(epoch, IDLE_GAUGES).at(-1) as TelemetryDelta),
      incarnation: name,
      fromMs: atMs - 1_000,
      toMs: atMs,
    }),
  };
}

function expectExact(keeper: WindowKeeper): void {
  for (const pairs of Object.values(summarise(keeper.total()).pairs)) {
    const sampled = pairs.dropped + pairs.tooLarge + pairs.candidateSaturated + pairs.sent;
    expect(pairs.eligible).toBe(pairs.notSampled + sampled);
    const ends = pairs.compared + pairs.shadowFailed + pairs.timedOut + pairs.clientAborted;
    expect(pairs.sent).toBe(ends + pairs.responseTooLarge + pairs.diffDropped + pairs.pending);
  }
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('decide' as const), sent: fc.boolean(), who: fc.nat(1) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      outcome: fc.constantFrom(...OUTCOMES),
      who: fc.nat(1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('report' as const), who: fc.nat(1), skipMs: fc.nat(30_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('die' as const), who: fc.nat(1) }) },
);

test('the accounting holds exactly after every delta, window and death of a worker', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const keeper = new WindowKeeper(10_000);
      let nowMs = 1_000_000;
      const workers = [worker('a0'), worker('b0')];
      steps.forEach((next, index) => {
        const current = workers[next.who] as ReturnType<typeof worker>;
        const cell = current.recorder.book(1).copyCell('all', 'eu', 'shadow');
        if (next.do === 'decide') cell.decide(next.sent ? 'sent' : 'not_sampled');
        else if (next.do === 'end') {
          if (cell.pending > 0) cell.conclude(next.outcome);
        } else if (next.do === 'report') {
          nowMs += next.skipMs;
          keeper.add(current.delta(nowMs));
        } else {
          keeper.workerLost(current.delta(nowMs).incarnation, nowMs);
          workers[next.who] = worker(`${next.who}-${index}`);
        }
        keeper.takeCompleted(nowMs);
        expectExact(keeper);
      });
    }),
  );
});

test('what began under one epoch is counted under it, whatever is published meanwhile', () => {
  const keeper = new WindowKeeper(10_000);
  const { recorder } = worker('a');
  const old = recorder.book(1).copyCell('all', 'eu', 'shadow');
  old.decide('sent');
  recorder.book(2).copyCell('all', 'eu', 'shadow').decide('not_sampled');
  for (const delta of recorder.take(2, IDLE_GAUGES)) keeper.add({ ...delta, toMs: 12_000 });
  old.conclude('compared');
  for (const delta of recorder.take(2, IDLE_GAUGES)) keeper.add({ ...delta, toMs: 13_000 });
  const of = (epoch: number) => summarise(keeper.ofEpoch(epoch)).pairs.shadow;
  expect([of(1).eligible, of(1).sent, of(1).compared, of(1).pending]).toEqual([1, 1, 1, 0]);
  expect([of(2).eligible, of(2).notSampled, of(2).sent]).toEqual([1, 1, 0]);
  expect(summarise(keeper.total()).pairs.shadow).toMatchObject({ eligible: 2, sent: 1, compared: 1 });
  const windows = keeper.takeCompleted(30_000);
  expect(windows.map((window) => [window.id, window.epoch, window.copies[0]?.eligible])).toEqual([
    [1, 1, 1],
    [1, 2, 1],
  ]);
});

test('a book is closed when its epoch is over and nothing runs on it any more', () => {
  const { recorder } = worker('a');
  const book = recorder.book(1);
  book.users = 1;
  expect(recorder.take(2, IDLE_GAUGES)).toHaveLength(1);
  expect(recorder.book(1)).toBe(book);
  book.users = 0;
  recorder.take(2, IDLE_GAUGES);
  expect(recorder.book(1)).not.toBe(book);
});

test('windows of an earlier supervisor count for their epoch, and what they left pending is lost evidence', () => {
  const earlier = new WindowKeeper(10_000);
  const one = worker('a');
  const cell = one.recorder.book(1).copyCell('all', 'eu', 'shadow');
  for (let index = 0; index < 3; index += 1) cell.decide('sent');
  cell.conclude('compared');
  earlier.add(one.delta(12_000));
  const keeper = new WindowKeeper(10_000);
  keeper.recall(earlier.takeCompleted(30_000));
  expect(summarise(keeper.ofEpoch(1)).pairs.shadow).toMatchObject({
    sent: 3,
    compared: 1,
    diffDropped: 2,
    pending: 0,
  });
  expect(keeper.total()).toBeNull();
  expectExact(keeper);
});

test('a delta that comes after its window was taken is counted in the next', () => {
  const keeper = new WindowKeeper(10_000);
  const early = worker('a');
  early.recorder.book(1).copyCell('all', 'eu', 'shadow').decide('not_sampled');
  const late = early.delta(15_000);
  keeper.add(worker('b').delta(15_000));
  expect(keeper.takeCompleted(40_000)).toHaveLength(1);
  keeper.add(late);
  expect(keeper.takeCompleted(60_000).map((window) => [window.id, window.copies[0]?.eligible])).toEqual([
    [2, 1],
  ]);
});

test('a clock that is set back does not stop windows from completing', () => {
  const keeper = new WindowKeeper(10_000);
  keeper.add(worker('a').delta(9_000_000));
  keeper.takeCompleted(9_100_000);
  keeper.add(worker('a').delta(1_000_000));
  const [window] = keeper.takeCompleted(1_100_000);
  expect([window?.id, window?.keeper.endsWith('.1')]).toEqual([99, true]);
});

test('a copy that was sent before the oldest recalled window still has a beginning', () => {
  const earlier = new WindowKeeper(10_000);
  const one = worker('a');
  const cell = one.recorder.book(1).copyCell('all', 'eu', 'shadow');
  for (let index = 0; index < 3; index += 1) cell.decide('sent');
  earlier.add(one.delta(5_000));
  for (let index = 0; index < 3; index += 1) cell.conclude('compared');
  earlier.add(one.delta(15_000));
  const keeper = new WindowKeeper(10_000);
  keeper.recall(earlier.takeCompleted(60_000).slice(1));
  expect(summarise(keeper.ofEpoch(1)).pairs.shadow).toMatchObject({
    eligible: 3,
    sent: 3,
    compared: 3,
    pending: 0,
  });
});

test('regions without end share one cell, and no count is lost', () => {
  const one = worker('a');
  const n = LIMITS.telemetryCells + 50;
  for (let index = 0; index < n; index += 1) {
    one.recorder.book(1).copyCell('all', `region-${index}`, 'shadow').decide('not_sampled');
  }
  const { copies } = one.delta(1_000);
  expect(copies.reduce((sum, counts) => sum + counts.eligible, 0)).toBe(n);
  expect(copies.find((counts) => counts.region === '_other')?.eligible).toBe(50);
});
