import { expect, test } from 'vitest';
import { CutoverError } from '../../src/core/errors.ts';
import { patiently } from '../../src/cli/patience.ts';
import { changeLines, watch } from '../../src/cli/watch.ts';
import type { Display } from '../../src/cli/watch.ts';
import { fakeIo } from './kit.ts';
import { statusSample } from './status-sample.ts';

const never = new AbortController().signal;

test('the same state is one line however often it is read', () => {
  const { io, ran } = fakeIo();
  const display = changeLines(io);
  display.show(statusSample);
  display.show({ ...statusSample, atMs: statusSample.atMs + 1_000 });
  display.lost('connect ECONNREFUSED');
  display.lost('connect ECONNREFUSED');
  display.show(statusSample);
  expect(
    ran.out
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(0, 33)),
  ).toEqual([
    '2026-11-23 14:30:00Z phase=region',
    'unreachable: connect ECONNREFUSED',
    '2026-11-23 14:30:00Z phase=region',
  ]);
});

test('a watch survives a gateway that is gone for a while', async () => {
  const stop = new AbortController();
  const shown: string[] = [];
  const display: Display = {
    show: () => {
      if (shown.push('status') === 3) stop.abort();
    },
    lost: (message) => void shown.push(message),
  };
  const readings = [statusSample, new Error('gone'), statusSample, statusSample];
  const read = async () => {
    const next = readings.shift();
    if (next instanceof Error || next === undefined) throw next ?? new Error('read once more');
    return next;
  };
  await watch(read, display, 1, stop.signal);
  expect(shown).toEqual(['status', 'gone', 'status']);
});

test('a watch that cannot begin fails at once', async () => {
  const display: Display = { show: () => {}, lost: () => {} };
  const gone = (): Promise<never> => Promise.reject(new CutoverError('UNREACHABLE', 'gone', { exitCode: 6 }));
  await expect(watch(gone, display, 1, never)).rejects.toMatchObject({ exitCode: 6 });
});

test('patience ends with the work, the time or the interrupt', async () => {
  const forever = new Promise<never>(() => {});
  await expect(patiently(Promise.resolve(7), 1_000, never)).resolves.toBe(7);
  await expect(patiently(Promise.reject(new Error('no')), 1_000, never)).rejects.toThrow('no');
  await expect(patiently(forever, 5, never)).rejects.toMatchObject({ code: 'TIMED_OUT', exitCode: 6 });
  await expect(patiently(forever, 1_000, AbortSignal.abort())).rejects.toMatchObject({ exitCode: 130 });
});
