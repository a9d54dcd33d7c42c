import { expect, test } from 'vitest';
import { BOUNDS } from '../../src/dashboard/bounds.ts';
import { ASCII, UNICODE, bar, glyphsFor, markedBar, shownAs, spark } from '../../src/dashboard/glyphs.ts';
import { addPoint, pointOf, rateNow, seriesOf } from '../../src/dashboard/points.ts';
import type { Point } from '../../src/dashboard/points.ts';
import { fit, wrapped } from '../../src/dashboard/rows.ts';
import type { Section } from '../../src/dashboard/rows.ts';
import { FIRST_UI, press, pressAll } from '../../src/dashboard/ui.ts';
import type { Pressed, Ui } from '../../src/dashboard/ui.ts';
import { summaryOf, viewOf } from '../../src/dashboard/view-model.ts';
import { clean, span } from '../../src/dashboard/words.ts';
import { aborting, knownOf, regional } from './samples.ts';

test('a bar is full only when its threshold is reached', () => {
  expect(bar(ASCII, 0.999, 10)).toBe('#########.');
  expect(bar(ASCII, 1, 10)).toBe('##########');
  expect(bar(ASCII, 7, 10)).toBe('##########');
  expect(bar(ASCII, -3, 10)).toBe('..........');
  expect(bar(ASCII, Number.NaN, 4)).toBe('....');
  expect(markedBar(ASCII, 0.5, 0.2, 10)).toBe('##|##.....');
  expect(markedBar(ASCII, 0, 1, 10)).toBe('.........|');
});

test('evidence is drawn on a log scale and clipped at both ends', () => {
  const { metrics } = viewOf(knownOf(aborting)).gate;
  const [worst] = metrics;
  expect(worst?.verdict).toBe('abort');
  expect(worst?.abort).toEqual({ fraction: 1, text: '735/400' });
  expect(worst?.advance).toEqual({ fraction: 0, text: '<0.1/20' });
  const held = viewOf(knownOf()).gate.metrics[0];
  expect(held?.advance.fraction).toBeCloseTo(1.8 / Math.log(20));
  expect(viewOf(knownOf()).gate.metrics[1]?.advance).toEqual({ fraction: null, text: 'not asked' });
});

test('a sparkline has one scale and gaps where nothing is known', () => {
  expect(spark(UNICODE, [0, 5, null, 10], 10, 6)).toBe('  ▁▅ █');
  expect(spark(UNICODE, [1, 2, 3], 3, 2)).toBe('▆█');
  expect(spark(UNICODE, [0, 0], 0, 2)).toBe('▁▁');
});

test('the first locale variable that is set decides about Unicode', () => {
  expect(glyphsFor({ LANG: 'en_US.UTF-8' })).toBe(UNICODE);
  expect(glyphsFor({ LANG: 'C.utf8' })).toBe(UNICODE);
  expect(glyphsFor({ LC_ALL: 'C', LANG: 'en_US.UTF-8' })).toBe(ASCII);
  expect(glyphsFor({ LC_ALL: '', LC_CTYPE: 'C.UTF-8', LANG: 'C' })).toBe(UNICODE);
  expect(glyphsFor({})).toBe(ASCII);
  expect(shownAs(ASCII, 'a → é')).toBe('a -> ?');
});

test('foreign text is bounded and its hidden characters are written out', () => {
  expect(clean('a\x1b[1m\x7f\x9b\u202eb\ud800')).toBe('a\\x1b[1m\\x7f\\x9b\\u202eb\\ud800');
  expect(clean('x'.repeat(5_000))).toHaveLength(BOUNDS.textChars);
  expect(clean('größe 東京')).toBe('größe 東京');
  expect([span(0), span(59_999), span(11_550_000)]).toEqual(['0s', '59s', '3h 12m']);
});

function point(atMs: number, requests: number, bad = 0, epoch = 4): Point {
  const lane = { requests, bad, p99Ms: 5 };
  return { atMs, epoch, legacy: lane, candidate: lane };
}

test('rates come from what counters moved by, not from the epoch', () => {
  let points: readonly Point[] = [];
  for (let second = 0; second <= 20; second += 1)
    points = addPoint(points, point(second * 1_000, 100_000 + second * 50));
  expect(rateNow(points, 'legacy')).toBe(50);
  expect(points.map(({ atMs }) => atMs)).toEqual([0, 5_000, 10_000, 15_000, 20_000]);
  expect(seriesOf(points, 'legacy').rate).toEqual([50, 50, 50, 50]);
  expect(rateNow([pointOf(regional)], 'legacy')).toBeNull();
});

test('another epoch or counters that fell begin a new course', () => {
  const points = [point(0, 100), point(5_000, 200)];
  expect(addPoint(points, point(6_000, 10, 0, 5))).toHaveLength(1);
  expect(addPoint(points, point(6_000, 150))).toHaveLength(1);
  expect(addPoint(points, point(4_000, 300))).toHaveLength(1);
  expect(addPoint(points, point(6_000, 300))).toHaveLength(3);
});

test('points are bounded however long the dashboard runs', () => {
  let points: readonly Point[] = [];
  for (let step = 0; step < 500; step += 1) points = addPoint(points, point(step * 5_000, step));
  expect(points).toHaveLength(BOUNDS.points);
});

const section = (title: string, lines: number, keep: number): Section => ({
  title,
  keep,
  rows: Array.from({ length: lines }, (_, at) => [{ text: `${title}${at}` }]),
});

test('lines go to what needs them first and the last sections are left out', () => {
  const sections = [section('a', 8, 4), section('b', 2, 2), section('c', 9, 1)];
  const heights = (height: number): number[] => fit(sections, height, 1).map((panel) => panel.height);
  expect(heights(30)).toEqual([9, 3, 10]);
  expect(heights(14)).toEqual([9, 3, 2]);
  expect(heights(10)).toEqual([5, 3, 2]);
  expect(heights(9)).toEqual([6, 3]);
  expect(heights(3)).toEqual([3]);
  expect(heights(1)).toEqual([1]);
});

test('a long sentence breaks between words and ends on the last line it has', () => {
  expect(wrapped('the candidate is worse', 14, 2)).toEqual(['the candidate', 'is worse']);
  expect(wrapped('the candidate is much worse', 10, 2)).toEqual(['the', 'candidate is much worse']);
  expect(wrapped('aaaaaaaaaaaa', 5, 3)).toEqual(['aaaaa', 'aaaaa', 'aa']);
});

const known = knownOf();
const after = (keys: readonly Pressed[], ui: Partial<Ui> = {}): Ui =>
  pressAll({ ...FIRST_UI, ...ui }, keys, { known, most: 10, page: 6 }).ui;
const chars = (text: string): Pressed[] => Array.from(text).map((char) => ({ char }));

test('panes are opened by number and by tab in both directions', () => {
  expect(after(chars('3')).pane).toBe(2);
  expect(after(chars('9')).pane).toBe(0);
  expect(after([{ name: 'tab' }], { pane: 4 }).pane).toBe(0);
  expect(after([{ name: 'back tab' }]).pane).toBe(4);
  expect(after([{ name: 'escape' }], { pane: 3, offset: 2 })).toEqual(FIRST_UI);
});

test('scrolling stays inside of the pane', () => {
  expect(after(chars('k')).offset).toBe(0);
  expect(after([{ name: 'page down' }, { name: 'page down' }]).offset).toBe(10);
  expect(after(chars('Gjk')).offset).toBe(9);
  expect(after([{ name: 'page up' }], { offset: 500 }).offset).toBe(4);
  expect(after(chars('g'), { offset: 7 }).offset).toBe(0);
});

test('freezing keeps what was known and a refresh lets go of it', () => {
  expect(after(chars('p')).frozen).toBe(known);
  expect(after(chars('pp')).frozen).toBeNull();
  const outcome = press({ ...FIRST_UI, frozen: known }, { char: 'r' }, { known, most: 0, page: 1 });
  expect(outcome).toEqual({ ui: FIRST_UI, refresh: true });
});

test('the line that is left behind says where the rollout stands', () => {
  expect(summaryOf(knownOf(aborting))).toBe(
    'regional/2: abort (error rate (shadow, eu-west): the candidate is worse: 31 vs 6 discordant in 12000 pairs); epoch 4, 3 classes of differences',
  );
});
