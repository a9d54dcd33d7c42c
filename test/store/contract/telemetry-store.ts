import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ClassPut, TelemetryStore } from '../../../src/rollout/ports.ts';
import type { StoredEvidence } from '../../../src/telemetry/class-evidence.ts';
import type { ClassCounts, DifferenceExample, Window } from '../../../src/telemetry/types.ts';
import { LIMITS } from '../../../src/core/limits.ts';
import { until } from '../../kit/until.ts';
import { sampleClass, sampleWindow, totals } from '../kit/samples.ts';

/** How the store under test must be configured: the tests count on these. */
export const CONTRACT_RETENTION = {
  windowsMs: 7 * 86_400_000,
  examplesMs: 86_400_000,
  eventsMs: 2 * 86_400_000,
  maxBytes: 8 * 1024 * 1024,
} as const;

/** Classes that the store under test holds at the most. */
const CONTRACT_CLASSES = 10_000;

export interface TelemetryHarness {
  readonly store: TelemetryStore;
  /** Another client of the same data. */
  another(): Promise<TelemetryStore>;
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
const START_MS = 1_790_000_100_000;

async function collect(windows: AsyncIterable<Window>): Promise<Window[]> {
  const all: Window[] = [];
  for await (const window of windows) all.push(window);
  return all;
}

/**
 * The promises of a `TelemetryStore`; every driver keeps all of them.
 * @param open a new, empty store with {@link CONTRACT_RETENTION}
 */
export function telemetryStoreContract(name: string, open: () => Promise<TelemetryHarness>): void {
  describe(`${name} as a TelemetryStore`, () => {
    let harness: TelemetryHarness;
    let store: TelemetryStore;

    const everything = (): Promise<Window[]> => collect(store.readWindows(0, Number.MAX_SAFE_INTEGER));

    beforeEach(async () => {
      harness = await open();
      store = harness.store;
    });
    afterEach(() => harness.close());

    test('gives windows back as they were put, in time order, from inclusive, to exclusive', async () => {
      const windows = Array.from({ length: 100 }, (_, index) =>
        sampleWindow(START_MS + index * 10_000, { seed: index }),
      );
      for (const window of windows.toReversed()) expect(await store.putWindow(window)).toBe('stored');
      expect(await everything()).toEqual(windows);
      const from = START_MS + 20 * 10_000;
      expect(await collect(store.readWindows(from, from + 300_000))).toEqual(windows.slice(20, 50));
      expect(await collect(store.readWindows(0, START_MS))).toEqual([]);
    });

    test('counts windows sent three times, out of order, by two clients, once', async () => {
      const other = await harness.another();
      const windows = Array.from({ length: 20 }, (_, index) =>
        sampleWindow(START_MS + index * 10_000, { seed: index }),
      );
      const answers: string[] = [];
      for (const round of [
        windows.toReversed(),
        windows,
        windows.toSorted((a, b) => (a.id % 7) - (b.id % 7)),
      ]) {
        for (const window of round)
          answers.push(await (window.id % 2 === 0 ? store : other).putWindow(window));
      }
      expect(answers.filter((answer) => answer === 'stored')).toHaveLength(20);
      expect(answers.filter((answer) => answer === 'duplicate')).toHaveLength(40);
      expect(totals(await everything())).toEqual(totals(windows));
    });

    test('refuses a duplicate with other counts: the first word stands', async () => {
      const window = sampleWindow(START_MS);
      await store.putWindow(window);
      expect(await store.putWindow({ ...window, lanes: [] })).toBe('duplicate');
      expect(await everything()).toEqual([window]);
    });

    test('keeps both windows when the epoch or the process changed inside one', async () => {
      const window = sampleWindow(START_MS);
      expect(await store.putWindow(window)).toBe('stored');
      expect(await store.putWindow({ ...window, epoch: window.epoch + 1 })).toBe('stored');
      expect(await store.putWindow({ ...window, keeper: 'restarted' })).toBe('stored');
      expect(await everything()).toHaveLength(3);
    });

    test('deletes windows past their retention, and refuses them as late from then on', async () => {
      const old = sampleWindow(START_MS - 8 * DAY_MS);
      const young = sampleWindow(START_MS - 10_000, { seed: 2 });
      await store.putWindow(old);
      await store.putWindow(young);
      const result = await store.sweep(START_MS);
      expect([result.windows, result.bytes > 0]).toEqual([1, true]);
      expect(await store.putWindow(old)).toBe('late');
      expect(await everything()).toEqual([young]);
    });

    test('goes on taking windows after a sweep at a time that was wrong', async () => {
      await store.putWindow(sampleWindow(START_MS));
      await store.sweep(START_MS + 365 * DAY_MS);
      expect(await store.putWindow(sampleWindow(START_MS + 10_000))).toBe('stored');
    });

    test('keeps what is young by its own windows when a sweep comes at a time far ahead', async () => {
      const event = { type: 'store', ok: true, message: '' } as const;
      const windows = [0, 1, 2].map((index) => sampleWindow(START_MS + index * 10_000));
      for (const window of windows) await store.putWindow(window);
      await store.putClass(sampleClass('c1', { count: 1 }), START_MS);
      for (const sequence of [1, 2]) await store.appendEvent({ sequence, atMs: START_MS, event });
      const { windows: gone, classes, events } = await store.sweep(START_MS + 10_000 * DAY_MS);
      expect([gone, classes, events]).toEqual([0, 0, 0]);
      expect(await everything()).toEqual(windows);
      expect((await store.readClass('c1'))?.example).not.toBeNull();
      expect(await store.readEvents(0, 10)).toHaveLength(2);
    });

    test('keeps them also when windows were put under the wrong clock before it was swept', async () => {
      const right = Array.from({ length: 60 }, (_, index) => sampleWindow(START_MS + index * 10_000));
      const wrongMs = START_MS + 10_000 * DAY_MS;
      const wrong = Array.from({ length: 30 }, (_, index) => sampleWindow(wrongMs + index * 10_000));
      for (const window of [...right, ...wrong]) await store.putWindow(window);
      expect((await store.sweep(wrongMs + 300_000)).windows).toBe(0);
      expect((await store.sweep(wrongMs + 600_000)).windows).toBe(0);
      expect(await everything()).toEqual([...right, ...wrong]);
    });

    test('deletes what is old after a long absence, once new windows tell the time', async () => {
      const old = [0, 1, 2].map((index) => sampleWindow(START_MS + index * 10_000));
      for (const window of old) await store.putWindow(window);
      const backMs = START_MS + 40 * DAY_MS;
      expect((await store.sweep(backMs)).windows).toBe(0);
      for (let index = 0; index < 4; index += 1) await store.putWindow(sampleWindow(backMs + index * 10_000));
      expect((await store.sweep(backMs + 40_000)).windows).toBe(3);
    });

    test('gives the newest windows, oldest first, as many as are asked for', async () => {
      const windows = Array.from({ length: 40 }, (_, index) =>
        sampleWindow(START_MS + index * 10_000, { seed: index, epoch: 1 + Math.floor(index / 20) }),
      );
      expect(await store.readNewest(5)).toEqual([]);
      for (const window of windows.toReversed()) await store.putWindow(window);
      expect(await store.readNewest(30)).toEqual(windows.slice(-30));
      expect(await store.readNewest(LIMITS.storeNewestWindows)).toEqual(windows);
      expect(await store.readNewest(0)).toEqual([]);
      for (const limit of [-1, 1.5, LIMITS.storeNewestWindows + 1]) {
        await expect(store.readNewest(limit)).rejects.toThrow(RangeError);
      }
    });

    test('stays below its size: the oldest windows go', async () => {
      const windows = Array.from({ length: 400 }, (_, index) =>
        sampleWindow(START_MS + index * 10_000, { seed: index, routes: 12 }),
      );
      for (const window of windows) await store.putWindow(window);
      const { bytes } = await store.sweep(START_MS + 400 * 10_000);
      expect(bytes).toBeLessThanOrEqual(CONTRACT_RETENTION.maxBytes);
      const kept = await everything();
      expect(kept.length).toBeGreaterThan(100);
      expect(kept.map((window) => window.id)).toEqual(windows.slice(-kept.length).map((window) => window.id));
    });

    test('adds counts per class and keeps the first example', async () => {
      const first = sampleClass('c1', { count: 3 });
      expect(await store.putClass({ ...first, example: null }, 1_000)).toMatchObject({ outcome: 'new' });
      expect((await store.readClass('c1'))?.example).toBeNull();
      expect(await store.putClass(first, 2_000)).toMatchObject({ outcome: 'seen' });
      const later = sampleClass('c1', { count: 5, requestId: 'later' });
      expect(await (await harness.another()).putClass(later, 3_000)).toMatchObject({ outcome: 'seen' });
      const { id, route, endpoint, kind, path, example } = first;
      expect(await store.readClass('c1')).toEqual({
        id,
        route,
        endpoint,
        kind,
        path,
        count: 11,
        firstSeenMs: 1_000,
        lastSeenMs: 3_000,
        example,
        smallest: example,
        latest: later.example,
      });
      expect(await store.readClass('c2')).toBeNull();
    });

    test('keeps the smallest and the latest example beside the first', async () => {
      const sized = (requestId: string, bodyBytes: number): DifferenceExample => {
        const answer = { status: 200, bodyBytes, totalUs: 1 };
        return {
          ...(sampleClass('c1', { count: 1 }).example as DifferenceExample),
          requestId,
          legacy: answer,
          candidate: answer,
        };
      };
      const counts = { ...sampleClass('c1', { count: 1 }), example: null };
      await store.putClass({ ...counts, example: sized('first', 500) }, 1_000);
      await store.putClass(
        { ...counts, examples: { smallest: sized('small', 90), latest: sized('late', 900) } },
        2_000,
      );
      await store.putClass(
        { ...counts, examples: { smallest: sized('larger', 400), latest: sized('later', 600) } },
        3_000,
      );
      await store.putClass({ ...counts, examples: { latest: sized('of before', 1) } }, 2_500);
      const found = await store.readClass('c1');
      expect([found?.example, found?.smallest, found?.latest].map((each) => each?.requestId)).toEqual([
        'first',
        'small',
        'later',
      ]);
      expect((await store.readClasses(1))[0]).toEqual(found);
    });

    test('keeps the evidence of an epoch as it was put last, and that of the epoch before', async () => {
      const evidence = (epoch: number, pairs: number): StoredEvidence => ({
        epoch,
        endpoints: [{ endpoint: 'GET /', pairs, triples: 1 }],
        classes: [],
      });
      expect(await store.readEvidence(1)).toBeNull();
      for (const each of [evidence(1, 5), evidence(1, 6), evidence(2, 1)]) await store.putEvidence(each);
      expect(await (await harness.another()).readEvidence(1)).toEqual(evidence(1, 6));
      await store.putEvidence(evidence(3, 9));
      expect([await store.readEvidence(1), await store.readEvidence(2)]).toEqual([null, evidence(2, 1)]);
    });

    test('lists classes by count, largest first', async () => {
      for (const count of [5, 1, 9, 7]) await store.putClass(sampleClass(`c${count}`, { count }), START_MS);
      expect((await store.readClasses(3)).map((found) => found.id)).toEqual(['c9', 'c7', 'c5']);
    });

    test('beyond the share of a kind at its endpoint counts classes together, and no other kind or endpoint', async () => {
      const put = async (id: string, rest: Partial<ClassCounts> = {}): Promise<ClassPut> =>
        await store.putClass(
          { ...sampleClass(id, { count: 2 }), path: `/${id}`, ...rest },
          START_MS,
          START_MS,
        );
      for (let index = 0; index < LIMITS.classesPerEndpointKind; index += 1) await put(`k${index}`);
      const more = await put('more');
      expect(more).toMatchObject({ outcome: 'new', path: '{other}', gaveWay: 0 });
      expect(await put('even-more')).toEqual({ ...more, outcome: 'seen' });
      expect(await store.readClass(more.id)).toMatchObject({ path: '{other}', count: 4 });
      expect(await put('k3')).toMatchObject({ outcome: 'seen', id: 'k3' });
      expect(await put('type', { kind: 'json_type' })).toMatchObject({ outcome: 'new', id: 'type' });
      expect(await put('elsewhere', { endpoint: 'GET /else' })).toMatchObject({ id: 'elsewhere' });
      // Another epoch has the whole share again.
      const next = await store.putClass(sampleClass('next', { count: 1 }), START_MS + 10, START_MS + 5);
      expect(next).toMatchObject({ outcome: 'new', id: 'next' });
    });

    test(
      'a full store makes room for a new class: those of earlier epochs go first, then the rarest, and these are counted',
      { timeout: 120_000 },
      async () => {
        const old = 150;
        for (let index = 0; index < CONTRACT_CLASSES; index += 1) {
          const counts = sampleClass(`c${index}`, { count: index < old ? 1_000 : index });
          const endpoint = `GET /${index % 500}`;
          const seenMs = index < old ? START_MS + index : START_MS + 1_000;
          await store.putClass({ ...counts, endpoint, example: null }, seenMs, START_MS + 500);
        }
        const put = async (id: string): Promise<ClassPut> =>
          await store.putClass(sampleClass(id, { count: 1 }), START_MS + 2_000, START_MS + 500);
        expect(await put('one-more')).toMatchObject({ outcome: 'new', id: 'one-more', gaveWay: 0 });
        expect(await store.readClass('one-more')).not.toBeNull();
        expect([await store.readClass('c0'), await store.readClass('c99')]).toEqual([null, null]);
        expect(await store.readClass('c100')).not.toBeNull();
        for (let index = 1; index < LIMITS.storeClassesMadeRoom; index += 1) {
          await store.putClass(
            { ...sampleClass(`n${index}`, { count: 5_000 }), endpoint: `GET /${index}` },
            START_MS + 2_000,
            START_MS + 500,
          );
        }
        // Fifty are left of the earlier epoch; the rarest of this one is the one that was just put.
        expect(await put('real')).toMatchObject({ outcome: 'new', gaveWay: 50 });
        expect(await store.readClass('real')).not.toBeNull();
        expect([await store.readClass('c149'), await store.readClass('c150')]).toEqual([null, null]);
        expect(await store.readClass('c9000')).not.toBeNull();
      },
    );

    test('drops examples past their retention, and classes that were not seen for as long as windows are kept', async () => {
      await store.putClass(sampleClass('seen-often', { count: 1 }), START_MS);
      await store.putClass(sampleClass('seen-once', { count: 1 }), START_MS);
      const later = START_MS + 7 * DAY_MS;
      await store.putClass({ ...sampleClass('seen-often', { count: 1 }), example: null }, later);
      expect((await store.sweep(START_MS + DAY_MS - 1)).classes).toBe(0);
      expect((await store.readClass('seen-often'))?.example).not.toBeNull();
      expect((await store.sweep(later + 1)).classes).toBe(1);
      expect(await store.readClass('seen-once')).toBeNull();
      expect(await store.readClass('seen-often')).toMatchObject({ count: 2, example: null });
      await store.putClass(sampleClass('seen-often', { count: 1, requestId: 'fresh' }), later + 2);
      expect((await store.readClass('seen-often'))?.example?.requestId).toBe('fresh');
    });

    test('reads events after a cursor, oldest first, each once', async () => {
      const event = { type: 'store', ok: true, message: '' } as const;
      for (const sequence of [1, 2, 3, 4, 5, 5]) await store.appendEvent({ sequence, atMs: START_MS, event });
      expect((await store.readEvents(0, 2)).map((found) => found.sequence)).toEqual([1, 2]);
      expect((await store.readEvents(2, 10)).map((found) => found.sequence)).toEqual([3, 4, 5]);
      expect(await store.readEvents(4, 10)).toEqual([{ sequence: 5, atMs: START_MS, event }]);
      expect(await store.readEvents(5, 10)).toEqual([]);
    });

    test('refuses another event under a sequence that is taken, instead of losing it', async () => {
      const event = { type: 'store', ok: true, message: '' } as const;
      await store.appendEvent({ sequence: 1, atMs: START_MS, event });
      await expect(store.appendEvent({ sequence: 1, atMs: START_MS + 1, event })).rejects.toThrow(
        /another event 1/,
      );
    });

    test('deletes events past their retention', async () => {
      const event = { type: 'store', ok: true, message: '' } as const;
      for (const sequence of [1, 2, 3]) {
        await store.appendEvent({ sequence, atMs: START_MS + sequence * DAY_MS, event });
      }
      expect((await store.sweep(START_MS + 4 * DAY_MS + 1)).events).toBe(2);
      expect((await store.readEvents(0, 10)).map((found) => found.sequence)).toEqual([3]);
    });

    test('sweeps one after the other when asked twice at once', async () => {
      for (const startMs of [START_MS - 8 * DAY_MS, START_MS - 10_000]) {
        await store.putWindow(sampleWindow(startMs));
      }
      const results = await Promise.all([store.sweep(START_MS), store.sweep(START_MS)]);
      expect(results.map((result) => result.windows)).toEqual([1, 0]);
      await until(async () => (await everything()).length === 1);
    });
  });
}
