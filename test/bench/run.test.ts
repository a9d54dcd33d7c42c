import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { EXTENTS } from '../../bench/extent.ts';
import { startHungServer } from '../../bench/hung-server.ts';
import type { HungServer } from '../../bench/hung-server.ts';
import { isDisturbed, measureAll, untilQuiet } from '../../bench/run.ts';
import type { Run } from '../../bench/run.ts';
import { nginxOrSkip } from '../kit/nginx.ts';
import { until } from '../kit/until.ts';
import { sample, workNamed } from './samples.ts';

const canRun = nginxOrSkip();
const HUNG: HungServer = { port: 1, accepted: () => 0, stop: () => Promise.resolve() };

/** A run on a stage without servers. */
function emptyRun(patch: Partial<Run> = {}): Run {
  const stage = {
    legacyPort: 0,
    candidatePort: 0,
    hung: HUNG,
    pids: [],
    copies: () => Promise.resolve(0),
    certificate: null,
    credentials: null,
    stop: () => Promise.resolve(),
  };
  const extent = { ...EXTENTS.quick, rounds: 1, windows: 0, warmSeconds: 0.05 };
  return { stage, extent, deadlineMs: monotonicMs() + 60_000, progress: () => {}, ...patch };
}

test('a subject that cannot do a work is left out with its reason', async () => {
  const seen = await measureAll([{ ...workNamed('tls-1k'), subjects: ['nginx'] }], emptyRun());
  expect(seen).toEqual({
    samples: [],
    absences: [{ work: 'tls-1k', subject: 'nginx', reason: 'openssl is not on PATH' }],
    failures: [],
  });
});

test.skipIf(!canRun)('a subject that fails to start does not take the others with it', async () => {
  const said: string[] = [];
  const work = { ...workNamed('plain-1k'), subjects: ['nginx', 'node:http'] as const };
  const seen = await measureAll([work], emptyRun({ progress: (text) => said.push(text) }));
  expect(seen.failures.map((one) => one.subject)).toEqual(['nginx']);
  expect(seen.failures[0]?.reason).toContain('invalid port');
  expect(said).toHaveLength(1);
});

test('a window in which others took too much is told from a quiet one', () => {
  const disturbed = (disturbance: number) =>
    isDisturbed(sample('plain-1k', 'nginx', 1, { disturbance }).figures, EXTENTS.full);
  expect([disturbed(0.3), disturbed(0.31)]).toEqual([false, true]);
});

test('a disturbed window is taken again and kept for the count', async () => {
  const noise = [0.9, 0.1, 0.9];
  const take = () =>
    Promise.resolve(sample('plain-1k', 'nginx', 1, { disturbance: noise.shift() ?? Number.NaN }));
  expect((await untilQuiet(2, take)).map((one) => one.dropped)).toEqual([true, false]);
  expect((await untilQuiet(0, take)).map((one) => one.dropped)).toEqual([true]);
});

test('nothing is begun when the time of the run is over', async () => {
  const said: string[] = [];
  const late = emptyRun({ deadlineMs: monotonicMs() - 1, progress: (text) => said.push(text) });
  expect(await measureAll([workNamed('plain-1k')], late)).toEqual({
    samples: [],
    absences: [],
    failures: [],
  });
  expect(said).toEqual(['time is up: some rows have fewer windows, or none']);
});

test('the hung candidate accepts, reads and never answers', async () => {
  const hung = await startHungServer();
  let received = 0;
  const socket = connect(hung.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.on('data', (bytes) => (received += bytes.length));
  const written = new Promise((resolve) => {
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n', resolve);
  });
  await written;
  await until(() => hung.accepted() === 1, 'the connection to be accepted');
  expect(received).toBe(0);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await hung.stop();
  await closed;
});
