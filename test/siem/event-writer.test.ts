import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { lineOf } from '../../src/siem/event-line.ts';
import type { SiemLine } from '../../src/siem/event-line.ts';
import { EventWriter } from '../../src/siem/event-writer.ts';
import { happeningLine } from '../../src/siem/happening-lines.ts';
import { LineFile } from '../../src/siem/line-file.ts';
import { windowLines } from '../../src/siem/window-lines.ts';
import { temporaryFolder } from '../kit/process.ts';
import { windowOf } from '../rollout/gates-fixtures.ts';

function folder(): string {
  const { path, remove } = temporaryFolder('cutover-siem');
  onTestFinished(remove);
  return path;
}

function store(message: string, key: string | null = null): SiemLine {
  return lineOf('store', { state: 'fails', message }, key);
}

/** A writer whose clock stands still unless it is moved. */
function writer(file: string, maxBytes = 1 << 20) {
  const log: string[] = [];
  const clock = { ms: 1_000_000 };
  const lines = new LineFile({ file, maxBytes, keep: 2 });
  const made = new EventWriter({
    node: 'edge-1',
    append: (text) => lines.append(text),
    nowMs: () => clock.ms,
    log: (_, message) => log.push(message),
  });
  const read = () =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { gateway: Record<string, string> }).gateway);
  return { made, log, clock, read };
}

test('writes one object a line, all values as text, control characters as blanks', async () => {
  const file = join(folder(), 'siem.json');
  const { made, read } = writer(file);
  made.write(store('a\nb\u{1b}[31m \u{2028}'));
  await made.close();
  expect(read()).toEqual([
    { event: 'store', node: 'edge-1', at: '1970-01-01T00:16:40.000Z', state: 'fails', message: 'a b [31m  ' },
  ]);
});

test('tells the same once a minute, with the times that it was not told', async () => {
  const file = join(folder(), 'siem.json');
  const { made, clock, read } = writer(file);
  for (let index = 0; index < 4; index += 1) made.write(store('x', 'store'));
  made.write(store('y', 'another'));
  clock.ms += LIMITS.siemRepeatMs;
  made.write(store('x', 'store'));
  await made.close();
  expect(read().map(({ message, repeated }) => [message, repeated])).toEqual([
    ['x', undefined],
    ['y', undefined],
    ['x', '3'],
  ]);
});

test('a flood stays below what an agent forwards, and what is lost is counted', async () => {
  const file = join(folder(), 'siem.json');
  const { made, clock, read } = writer(file);
  for (let second = 0; second < 10; second += 1) {
    for (let index = 0; index < 1_000; index += 1) made.write(store('x'));
    await made.close();
    clock.ms += 1_000;
  }
  const most = LIMITS.siemLinesBurst + 9 * LIMITS.siemLinesPerSec;
  expect(read()).toHaveLength(most);
  expect([made.written, made.lost]).toEqual([most, 10_000 - most]);
  expect(made.lastLostMs).toBe(1_009_000);
  expect(most / 10).toBeLessThan(500);
});

test('a disk that refuses hurts nobody, is said once, and is used again when it works', async () => {
  const place = join(folder(), 'later');
  const file = join(place, 'siem.json');
  const { made, log, read } = writer(file);
  for (let index = 0; index < 3; index += 1) {
    made.write(store('lost'));
    await made.close();
  }
  expect([made.lost, log]).toEqual([3, [expect.stringContaining('cannot be written and are lost: ENOENT')]]);
  mkdirSync(place);
  made.write(store('kept'));
  await made.close();
  expect(read().map(({ message }) => message)).toEqual(['kept']);
  expect(log[1]).toBe('the SIEM hears again; 3 lines were lost');
});

test('writes to no pipe, device or folder: they would block or swallow it', async () => {
  const { made, log } = writer('/dev/null');
  made.write(store('x'));
  await made.close();
  expect([made.written, made.lost]).toEqual([0, 1]);
  expect(log[0]).toContain('/dev/null is no file');
});

test('a line that was torn by a full disk spoils no other one', async () => {
  const file = join(folder(), 'siem.json');
  writeFileSync(file, '{"gateway":{"event":"sto');
  const { made } = writer(file);
  made.write(store('whole'));
  await made.close();
  const [torn, whole, end] = readFileSync(file, 'utf8').split('\n');
  expect(torn).toBe('{"gateway":{"event":"sto');
  expect(JSON.parse(whole ?? '')).toMatchObject({ gateway: { message: 'whole' } });
  expect(end).toBe('');
});

test('moves the file away by its size, keeps so many, and loses no line', async () => {
  const place = folder();
  const file = join(place, 'siem.json');
  const { made, clock } = writer(file, 2_000);
  for (let index = 0; index < 40; index += 1) {
    made.write(store(`line ${index} ${'x'.repeat(100)}`));
    await made.close();
    clock.ms += 1_000;
  }
  expect(readdirSync(place).toSorted()).toEqual(['siem.json', 'siem.json.1', 'siem.json.2']);
  const text = ['.2', '.1', ''].map((end) => readFileSync(`${file}${end}`, 'utf8')).join('');
  const numbers = [...text.matchAll(/line (\d+)/g)].map(([, number]) => Number(number));
  expect(numbers).toEqual(numbers.map((_, index) => 40 - numbers.length + index));
  expect(numbers.length).toBeGreaterThan(20);
});

test('goes on in a new file when somebody else moved it away', async () => {
  const file = join(folder(), 'siem.json');
  const { made, read } = writer(file);
  made.write(store('first'));
  await made.close();
  renameSync(file, `${file}.moved`);
  made.write(store('second'));
  await made.close();
  expect(read().map(({ message }) => message)).toEqual(['second']);
});

test('no line is longer than an agent takes', async () => {
  const file = join(folder(), 'siem.json');
  const { made } = writer(file);
  const long = 'ä'.repeat(100_000);
  made.write(lineOf('transition', { from: long, to: long, region: long, who: long, reason: long }));
  await made.close();
  expect(readFileSync(file).length).toBeLessThan(LIMITS.siemLineBytes);
});

test('a window without errors is no news, and one of very many regions is cut', () => {
  expect(windowLines(windowOf(0, [{ candidate: { requests: 500 } }]), 'shadow')).toEqual({
    lines: [],
    left: 0,
  });
  const shown = Array.from({ length: 120 }, (_, index) => ({
    region: `r${index}`,
    candidate: { requests: 500, bad: 1 + index },
  }));
  const { lines, left } = windowLines(windowOf(0, shown), 'regional');
  expect([lines.length, left]).toEqual([LIMITS.siemWindowLines, 20]);
  expect(lines[0]?.fields).toMatchObject({ region: 'r119', errors: '120', error_rate: '24.00%' });
});

test('adds the routes of a lane and region up, one line for each', () => {
  const shown = [
    { route: 'a', candidate: { requests: 50, bad: 6 }, legacy: { requests: 10, bad: 1 } },
    { route: 'b', candidate: { requests: 50, bad: 7 } },
  ];
  const { lines } = windowLines(windowOf(0, shown), 'regional');
  expect(
    lines.map(({ fields }) => [fields['lane'], fields['requests'], fields['errors'], fields['severity']]),
  ).toEqual([
    ['legacy', '10', '1', 'minor'],
    ['candidate', '100', '13', 'major'],
  ]);
});

test('tells of moves, the kill switch, verdicts and losses, and not of daily life', () => {
  const told = happeningLine({
    type: 'transition',
    from: 'regional',
    to: 'regional',
    fromStep: 1,
    toStep: 1,
    region: 'eu-west',
    who: 'gate',
    reason: 'SIEM_ALERTS',
  });
  expect(told).toMatchObject({
    event: 'transition',
    key: null,
    fields: { to: 'regional/2', region: 'eu-west' },
  });
  expect(happeningLine({ type: 'kill_switch', on: true, who: 'ana', reason: 'x' })?.fields['state']).toBe(
    'on',
  );
  expect(happeningLine({ type: 'config', accepted: false, hash: '', problems: 2 })?.fields['state']).toBe(
    'refused',
  );
  expect(happeningLine({ type: 'worker_up', pid: 1, slot: 0 })).toBeNull();
  // It was told to end.
  expect(happeningLine({ type: 'worker_down', pid: 1, slot: 0, how: 'drained', retryInMs: -1 })).toBeNull();
});
