import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { paintWith } from '../../src/cli/paint.ts';
import { gatesText } from '../../src/cli/views/gates.ts';
import type { StatusGate } from '../../src/control/schema/gate.ts';
import { gateReportSchema } from '../../src/control/schema/gate.ts';
import { VERDICTS } from '../../src/rollout/gates/types.ts';
import { gateSample } from './gate-sample.ts';

const plain = paintWith(false);
type Metric = StatusGate['metrics'][number];

const [base] = gateSample.metrics as [Metric, ...Metric[]];
const withMetric = (metric: Partial<Metric>): StatusGate => ({
  ...gateSample,
  metrics: [{ ...base, ...metric }],
});
const metricLine = (metric: Partial<Metric>): string =>
  gatesText(withMetric(metric), plain)
    .split('\n')
    .find((line) => line.startsWith('error rate   ') || /^error rate {2}\w/.test(line)) ?? '';

test('the gates begin with the verdict and its reason', () => {
  gateReportSchema.parse(gateSample);
  expect(gatesText(gateSample, plain)).toMatchInlineSnapshot(`
    "◌ HOLD  error rate (shadow, eu-west): not proven yet
    Evidence of regional/2 (eu-west), epoch 4: 165 windows up to 2026-11-23 14:29:50Z, 13 pairs/s
    Next: regional/3 (cutover advance)
    Ready in ~24 h if everything goes on as it does

    error rate   shadow   eu-west  +0.02pp [-0.04, +0.09]  margin 0.10pp  HOLD   e=6.0 (needs 20)    6 vs 4 discordant in 12,000  ready in ~4 min  abort e=1.1 (needs 400)
    differences  reverse  eu-west  +0.00pp [+0.00, +0.05]  margin 0.10pp  READY  e=4,447 (needs 20)  0 differ in 9,000                             abort e=1.0 (needs 400)

    coverage  ✓ met      0 of 21,000 copies are missing (0.00 %, at most 1 %)
    dwell     ✗ not met  28m of 24h in this phase, ready in ~24 h

    Coverage: reads 90.00% by pairs, writes 10.00% unproven
    api (critical)  read 90.00% of requests, 21,000 pairs; write 10.00% of requests, no pairs: unproven
    "
  `);
});

test('a metric that aborts shows the evidence against the candidate and what was needed', () => {
  const line = metricLine({
    region: 'eu-west',
    n: 12_000,
    plus: 31,
    minus: 6,
    estimate: 0.0021,
    interval: [0.0005, 0.004],
    logAbort: Math.log(770),
    needAbort: Math.log(200),
    logAdvance: -9,
    verdict: 'abort',
    reason: 'PROVEN_WORSE',
    etaS: null,
  });
  expect(line).toBe(
    'error rate  shadow  eu-west  +0.21pp [+0.05, +0.40]  margin 0.10pp  ABORT  e=770 (needs 200)  31 vs 6 discordant in 12,000    ready e<0.1 (needs 20)',
  );
});

test('a metric that holds says how much evidence there is and when it is enough', () => {
  const line = metricLine({ logAdvance: Math.log(4.86), etaS: 230 });
  expect(line).toContain('HOLD  e=4.8 (needs 20)');
  expect(line).toContain('ready in ~4 min');
});

test('a metric without a pair says so and shows no number', () => {
  const nothing = { n: 0, plus: 0, minus: 0, estimate: null, interval: null, logAdvance: 0, logAbort: 0 };
  const line = metricLine({ ...nothing, verdict: 'hold', reason: 'NO_PAIRS', etaS: null });
  expect(line).toMatch(/HOLD {2}no pairs yet/);
  expect(line).not.toMatch(/NaN|pp \[|discordant/);
});

test('a metric with too few pairs does not show evidence that looks like enough', () => {
  const line = metricLine({ n: 12, logAdvance: 9, verdict: 'hold', reason: 'MIN_PAIRS', etaS: 60 });
  expect(line).toMatch(/HOLD {2}too few pairs to prove anything .* in 12 .*ready in ~60 s/);
});

test('a metric that is only watched asks for no proof', () => {
  const line = metricLine({ needAdvance: null, verdict: 'ready', reason: 'CARRIED_OVER', etaS: 0 });
  expect(line).toContain('READY  watched, no proof asked');
  expect(line).toContain('abort e=1.1 (needs 400)');
});

test.each([
  [Math.log(20), 'e=20 (needs 20)'],
  [Math.log(19.999), 'e=19 (needs 20)'],
  [Math.log(12_345.6), 'e=12,345 (needs 20)'],
  [Math.log(10) * 41.2, 'e=10^41 (needs 20)'],
  [5_000, 'e=10^2171 (needs 20)'],
  [-5_000, 'e<0.1 (needs 20)'],
  [0, 'e=1.0 (needs 20)'],
])('evidence of which the logarithm is %d is written as %s', (logAdvance, text) => {
  expect(metricLine({ logAdvance })).toContain(` ${text} `);
});

test('all regions together are told apart from one of them', () => {
  expect(metricLine({ region: null })).toContain('shadow  all  ');
});

test('an abort says what it does by itself', () => {
  const abort = { ...gateSample, verdict: 'abort', next: null } as const;
  const to = { phase: 'canary', step: 0 } as const;
  expect(gatesText({ ...abort, action: { to, region: null } }, plain)).toContain(
    'By itself: the rollout goes back to canary\n',
  );
  expect(gatesText({ ...abort, action: { to, region: 'eu-west' } }, plain)).toContain(
    'By itself: eu-west alone goes back to legacy\n',
  );
  expect(gatesText({ ...abort, action: null, next: to }, plain)).not.toContain('cutover advance');
});

test('an approval is asked for where the step wants one', () => {
  expect(gatesText({ ...gateSample, approval: true }, plain)).toContain(
    'Next: regional/3 (cutover advance --approve --reason TEXT)\n',
  );
});

test('gates before the first window are no empty promise', () => {
  const empty: StatusGate = {
    ...gateSample,
    windows: 0,
    pairsPerSecond: null,
    metrics: [],
    requirements: [],
    coverage: [],
    etaS: null,
  };
  expect(gatesText(empty, plain)).toBe(
    '◌ HOLD  error rate (shadow, eu-west): not proven yet\n' +
      'Evidence of regional/2 (eu-west), epoch 4: no window is complete yet\n' +
      'Next: regional/3 (cutover advance)\n',
  );
});

test('no verdict is told by its colour alone', () => {
  for (const verdict of VERDICTS) {
    const painted = gatesText({ ...gateSample, verdict }, paintWith(true));
    expect(painted).toContain('\x1b[');
    const [first = ''] = stripVTControlCharacters(painted).split('\n');
    expect(first).toMatch(new RegExp(`^\\S ${verdict.toUpperCase()}  `));
  }
});

test('colours move no column of the gates', () => {
  const painted = stripVTControlCharacters(gatesText(gateSample, paintWith(true)));
  expect(painted.replaceAll(/ +$/gm, '')).toBe(gatesText(gateSample, plain));
});

test('names that clients bring along cannot command the terminal', () => {
  const evil = '\x1b[2J';
  const hostile: StatusGate = {
    ...withMetric({ region: evil }),
    message: evil,
    region: evil,
    action: { to: { phase: 'canary', step: 0 }, region: evil },
    requirements: gateSample.requirements.map((each) => ({ ...each, message: evil })),
    coverage: gateSample.coverage.map((each) => ({ ...each, route: evil })),
  };
  expect(gatesText(hostile, plain)).not.toMatch(/[^\P{Cc}\n]/u);
});

test('users of the cohorts are called that, and not pairs', () => {
  const line = metricLine({
    direction: null,
    n: 7_400,
    plus: 3,
    minus: 1,
    verdict: 'ready',
    reason: 'PROVEN',
  });
  expect(line).toContain('error rate  cohort');
  expect(line).toContain('3 vs 1 failed of 7,400 users');
  const [read, write] = gateSample.coverage;
  const proven = { ...gateSample, coverage: [read, { ...write, users: 7_400, by: 'cohort' }] } as StatusGate;
  expect(gatesText(proven, plain)).toContain('no pairs, 7,400 users of the cohorts: proven by cohort');
  expect(gatesText(proven, plain)).toContain('Coverage: reads 90.00% by pairs, writes 10.00% by cohort');
});
