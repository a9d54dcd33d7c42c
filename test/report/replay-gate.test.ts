import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseFailOn } from '../../src/report/fail-on.ts';
import { replayGateSchema } from '../../src/report/replay-gate-schema.ts';
import type { ReplayGate } from '../../src/report/replay-gate-schema.ts';
import { judgeReplay } from '../../src/report/replay-gate.ts';
import { replayMarkdown } from '../../src/report/replay-markdown.ts';
import type { ReplayReport } from '../../src/report/replay-schema.ts';
import { replayReportSchema } from '../../src/report/replay-schema.ts';
import { replayClass, replayReport } from './replay-sample.ts';

function judge(
  failOn: string,
  report: Parameters<typeof replayReport>[0],
  baseline: ReplayReport | null = null,
): ReplayGate {
  return judgeReplay(replayReport(report), baseline, parseFailOn(failOn));
}

test('a report without differences passes every rule', () => {
  const judged = judge('new-class,status,rate>0%', {});
  expect(judged).toMatchObject({ verdict: 'ready', exitCode: 0, reason: 'no rule is hit' });
  expect(judged.label).toMatch(/census of 1000 requests, fixed horizon/);
  replayGateSchema.parse(judged);
});

test('a new class is hit, one of the baseline is not, and an improvement never is', () => {
  const classes = [replayClass({ id: 'aaaa' })];
  const differing = { differing: 3 };
  expect(judge('new-class', { classes, counts: differing }).exitCode).toBe(3);
  const baseline = replayReport({ classes, counts: differing });
  expect(judge('new-class', { classes, counts: differing }, baseline).exitCode).toBe(0);
  const more = [...classes, replayClass({ id: 'bbbb' })];
  const judged = judge('new-class', { classes: more, counts: differing }, baseline);
  expect([judged.exitCode, judged.newClasses.map(({ id }) => id)]).toEqual([3, ['bbbb']]);
  expect(judge('new-class', { classes: [replayClass({ kind: 'improved' })] }).exitCode).toBe(0);
});

test('classes beyond those that are kept count as new', () => {
  expect(judge('new-class', { counts: { otherClasses: 1 } }).exitCode).toBe(3);
});

test('a status is hit when it is new, or more frequent than in the baseline', () => {
  const classes = [replayClass({ id: 'aaaa', kind: 'regressed', path: 'status/200-500' })];
  const report = { classes, counts: { differing: 2, statusDiffering: 2 } };
  expect(judge('status', report).exitCode).toBe(3);
  expect(judge('status', report, replayReport(report)).exitCode).toBe(0);
  const worse = { classes, counts: { differing: 3, statusDiffering: 3 } };
  expect(judge('status', worse, replayReport(report)).exitCode).toBe(3);
  const other = { classes: [replayClass({ id: 'bbbb', kind: 'status' })], counts: { statusDiffering: 1 } };
  expect(judge('status', other, replayReport(report)).exitCode).toBe(3);
  expect(judge('status', { classes: [replayClass({})], counts: { differing: 5 } }).exitCode).toBe(0);
});

test('a rate is exact at its edge, whatever numbers it is made of', () => {
  expect(judge('rate>0.1%', { counts: { differing: 1 } }).exitCode).toBe(0);
  expect(judge('rate>0.1%', { counts: { differing: 2 } }).exitCode).toBe(3);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.nat(),
      fc.integer({ min: 0, max: 100_000 }),
      (all, part, share) => {
        const some = part % (all + 1);
        const rate = `${Math.floor(share / 1000)}.${String(share % 1000).padStart(3, '0')}`;
        const counts = { differing: some, judged: all, sent: all, read: all };
        const isAbove = BigInt(some) * 100_000n > BigInt(share) * BigInt(all);
        expect(judge(`rate>${rate}%`, { counts }).exitCode).toBe(isAbove ? 3 : 0);
      },
    ),
  );
});

test('too few judged pairs hold, but what was seen was seen', () => {
  const few = { judged: 989 };
  expect(judge('status', { counts: few, coverage: 0.989 })).toMatchObject({ verdict: 'hold', exitCode: 4 });
  expect(judge('status', { counts: { judged: 990 }, coverage: 0.99 }).exitCode).toBe(0);
  expect(judge('new-class', { counts: few, coverage: 0.989, classes: [replayClass({})] }).exitCode).toBe(3);
  expect(judge('status', { counts: { judged: 0, sent: 0 }, coverage: null })).toMatchObject({
    exitCode: 4,
    reason: 'no request was sent',
  });
  expect(judge('status', { complete: false })).toMatchObject({
    exitCode: 4,
    reason: expect.stringContaining('--resume'),
  });
});

test('a coverage just below the least is not written as the least', () => {
  const { reason } = judge('status', { coverage: 0.98999 });
  expect(reason).toBe('pair coverage 98.99% is below 99.00%');
});

test.each([
  ['rat>1', /"rat>1" is no rule at character 1/],
  ['status,,rate>1%', /a word is missing at character 8/],
  ['', /a word is missing/],
  ['status,rate>0.1', /"rate>0\.1" is no rule at character 8/],
  ['rate>101%', /more than all/],
  ['rate<1%', /no rule/],
  ['status,status', /stands twice/],
])('a bad rule is told with its place: %s', (text, message) => {
  expect(() => parseFailOn(text)).toThrow(message);
});

test('rules may be written with blanks, and any other text is refused or read, never both', () => {
  expect(parseFailOn(' status , rate > 0.10 % ').map(({ text }) => text)).toEqual(['status', 'rate>0.10%']);
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), (text) => {
      try {
        expect(parseFailOn(text).length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toMatchObject({ code: 'FAIL_ON', exitCode: 2 });
      }
    }),
  );
});

test('the report for people tells the share, the classes and every request', () => {
  const report = replayReport({ classes: [replayClass({ path: '/a|b' })], counts: { differing: 3 } });
  replayReportSchema.parse(report);
  const text = replayMarkdown(report);
  expect(text).toContain('**3 of 1,000 pairs differ** (0.30%)');
  expect(text).toContain('Census of 1000 requests, fixed horizon');
  expect(text).toContain('/a&#124;b');
  expect(text).toContain(
    '| – skipped | 20 |\n| – – method | 20 |\n| – sent | 1,000 |\n| – – compared | 1,000 |',
  );
  expect(replayMarkdown(replayReport({ complete: false }))).toContain('The replay was interrupted');
});
