import { expect, onTestFinished, test, vi } from 'vitest';
import { CutoverError } from '../../src/core/errors.ts';
import type { StampedEvent } from '../../src/core/events.ts';
import { BOUNDS } from '../../src/dashboard/bounds.ts';
import { Feed } from '../../src/dashboard/feed.ts';
import type { Ears, Reads } from '../../src/dashboard/feed.ts';
import { knownAtFirst } from '../../src/dashboard/known.ts';
import { until } from '../kit/until.ts';
import { differences, later, regional } from './samples.ts';
import { quiet } from './terminal.ts';

const gone = new CutoverError('UNREACHABLE', 'no gateway answers', { hint: 'start it: cutover run' });

function feedOf(reads: Partial<Reads>, intervalMs = 1): Feed {
  const first = knownAtFirst('127.0.0.1:9901', regional, regional.atMs);
  const feed = new Feed(first, { ...quiet, ...reads }, intervalMs);
  void feed.run();
  onTestFinished(() => feed.stop());
  return feed;
}

function eventOf(sequence: number, atMs = sequence): StampedEvent {
  return { sequence, atMs, event: { type: 'worker_up', pid: sequence, slot: 0 } };
}

test('a gateway that goes away is shown, asked again and forgiven', async () => {
  let step = 0;
  const status = async () => {
    step += 1;
    if (step === 1 || step === 2) throw gone;
    return later(regional, step);
  };
  const seen: (string | null)[] = [];
  const feed = feedOf({ status });
  feed.subscribe(() => seen.push(feed.snapshot().lost?.message ?? null));
  await until(() => seen.length >= 3, 'three readings');
  const lost = 'no gateway answers (start it: cutover run)';
  expect(seen.slice(0, 3)).toEqual([lost, lost, null]);
  expect(feed.snapshot().status.atMs).toBeGreaterThan(regional.atMs);
});

test('an answer that takes long is missed on the screen before it comes', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const feed = feedOf({ status: () => new Promise(() => {}) });
  await vi.advanceTimersByTimeAsync(BOUNDS.lateMs + 10);
  expect(feed.snapshot().lost?.message).toBe('it takes its time');
});

test('classes that cannot be read say why and hide nothing else', async () => {
  let broken = false;
  const feed = feedOf({
    differences: async () => {
      if (broken) throw new CutoverError('NO_TOKEN', 'admin.token cannot be read');
      return differences;
    },
  });
  await until(() => feed.snapshot().differences !== null, 'the classes');
  broken = true;
  feed.refresh();
  await until(() => feed.snapshot().differencesProblem !== null, 'the problem');
  expect(feed.snapshot()).toMatchObject({
    differences,
    differencesProblem: 'admin.token cannot be read',
    lost: null,
  });
});

test('a stream of events that breaks goes on after the last event heard', async () => {
  const asked: (number | null)[] = [];
  const follow = async (after: number | null, ears: Ears): Promise<void> => {
    asked.push(after);
    ears.past([{ atMs: 1, text: 'start shadow by ada', tone: 'plain' }]);
    ears.event(eventOf(7 + asked.length));
    if (asked.length < 3) throw gone;
    await new Promise(() => {});
  };
  const feed = feedOf({ follow });
  await until(() => {
    feed.refresh();
    return asked.length === 3;
  }, 'two resumptions');
  expect(asked).toEqual([null, 8, 9]);
  expect(feed.snapshot().eventsProblem).toBeNull();
  expect(feed.snapshot().events.map(({ text }) => text)).toEqual([
    'start shadow by ada',
    'worker 0 (8) serves',
    'worker 0 (9) serves',
    'worker 0 (10) serves',
  ]);
});

test('the audit stands only for the time before the first event', async () => {
  const follow = async (_: number | null, ears: Ears): Promise<void> => {
    ears.event(eventOf(1, 100));
    ears.past([50, 150].map((atMs) => ({ atMs, text: `at ${atMs}`, tone: 'plain' as const })));
    await new Promise(() => {});
  };
  const feed = feedOf({ follow });
  await until(() => feed.snapshot().events.length > 1, 'both');
  expect(feed.snapshot().events.map(({ text }) => text)).toEqual(['at 50', 'worker 0 (1) serves']);
});

test('events beyond the bound push out the oldest', async () => {
  const follow = async (_: number | null, ears: Ears): Promise<void> => {
    for (let sequence = 1; sequence <= BOUNDS.events + 50; sequence += 1) ears.event(eventOf(sequence));
    await new Promise(() => {});
  };
  const feed = feedOf({ follow });
  await until(() => feed.snapshot().events.length > 0, 'the events');
  expect(feed.snapshot().events).toHaveLength(BOUNDS.events);
  expect(feed.snapshot().events.at(-1)?.text).toContain(`(${BOUNDS.events + 50})`);
});

test('a feed that is stopped tells nothing more and ends', async () => {
  const first = knownAtFirst('127.0.0.1:9901', regional, regional.atMs);
  const reads: Reads = { ...quiet, differences: async () => differences, follow: async () => {} };
  const feed = new Feed(first, reads, 1);
  const running = feed.run();
  feed.stop();
  await running;
  const known = feed.snapshot();
  feed.refresh();
  expect(feed.snapshot()).toBe(known);
});
