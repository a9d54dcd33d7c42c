import type { StatusGate } from '../control/schema/gate.ts';
import { METRIC_NAMES } from '../rollout/gates/words.ts';
import { around, count, points, pointsInterval, signedPoints } from './figures.ts';

type Verdict = StatusGate['verdict'];

/** One metric of one direction and region, as the status has it. */
export type Metric = StatusGate['metrics'][number];

/** A verdict as it is shown: its glyph and its word stand for it without any colour. */
export const VERDICT_GLYPHS: Readonly<Record<Verdict, string>> = {
  ready: '✓',
  hold: '◌',
  abort: '✗',
  inconclusive: '?',
  invalid: '!',
};

/** `✗ ABORT` */
export function verdictText(verdict: Verdict): string {
  return `${VERDICT_GLYPHS[verdict]} ${verdict.toUpperCase()}`;
}

/** `error rate` */
export function metricName({ metric }: Metric): string {
  return METRIC_NAMES[metric];
}

/** `+0.21pp [+0.05, +0.40]`; nothing where there are no pairs. */
export function excess({ estimate, interval }: Metric): string {
  if (estimate === null) return '';
  return `${signedPoints(estimate)}${interval === null ? '' : ` ${pointsInterval(interval)}`}`;
}

/** `margin 0.10pp` */
export function marginText({ margin }: Metric): string {
  return `margin ${points(margin)}`;
}

/** The stronger of the two tests against the candidate: over the whole epoch, or over its last windows. */
export function against({ logAbort, needAbort, logAlarm, needAlarm }: Metric) {
  const lately = logAlarm / needAlarm > logAbort / needAbort;
  return lately
    ? ({ log: logAlarm, need: needAlarm, lately } as const)
    : ({ log: logAbort, need: needAbort, lately } as const);
}

function againstText(line: Metric): string {
  const { log, need, lately } = against(line);
  return `${lately ? 'lately ' : ''}${evidence(log, need)}`;
}

/** The evidence that decided: `e=770 (needs 400)`. Against the candidate when it aborts, else for it. */
export function deciding(line: Metric): string {
  if (line.verdict === 'abort') return againstText(line);
  if (line.n === 0 && line.needAdvance !== null) return 'no pairs yet';
  // Few pairs may show much evidence: what is missing is not that.
  if (line.reason === 'MIN_PAIRS') return 'too few pairs to prove anything';
  return line.needAdvance === null ? 'watched, no proof asked' : evidence(line.logAdvance, line.needAdvance);
}

/** The evidence on the other side: `abort e=1.1 (needs 400)`. */
export function opposing(line: Metric): string {
  if (line.verdict !== 'abort') return `abort ${againstText(line)}`;
  return line.needAdvance === null ? '' : `ready ${evidence(line.logAdvance, line.needAdvance)}`;
}

/**
 * Pairs that say anything: `31 vs 6 discordant in 12,000`, `61 differ in 980`, and where legacy is compared with itself
 * `61 vs 12 of legacy itself differ in 980`; nothing without pairs.
 */
export function discordant({ metric, n, plus, minus }: Metric): string {
  if (n === 0) return '';
  const itself = minus === 0 ? '' : ` vs ${count(minus)} of legacy itself`;
  const said =
    metric === 'differences'
      ? `${count(plus)}${itself} differ`
      : `${count(plus)} vs ${count(minus)} discordant`;
  return `${said} in ${count(n)}`;
}

/** `ready in ~4 min`; nothing where there is no wait, or no end of it. */
export function readyIn(etaS: number | null): string {
  return etaS === null || etaS <= 0 ? '' : `ready in ${around(etaS)}`;
}

/** Evidence from its logarithm and what is needed of it: the first is rounded down, so that it never looks enough. */
function evidence(log: number, need: number): string {
  const small = log < Math.log(0.1);
  return `${small ? 'e<0.1' : `e=${magnitude(log, Math.floor)}`} (needs ${magnitude(need, Math.round)})`;
}

/** From here on powers of ten: the number itself may be too large for a computer. */
const LOG_MILLION = Math.log(1e6);

function magnitude(log: number, round: (value: number) => number): string {
  // What reaches its threshold exactly must not look short of it because exp and log are inexact.
  const exact = log + 1e-9;
  if (exact >= LOG_MILLION) return `10^${Math.floor(exact / Math.LN10)}`;
  const value = Math.exp(exact);
  return value >= 10 ? count(round(value)) : (round(value * 10) / 10).toFixed(1);
}
