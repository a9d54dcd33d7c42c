import { formatSpan } from '../../core/units.ts';
import type { Trip } from './breaker.ts';
import type { Metric, MetricLine } from './types.ts';

/** How people call a metric. */
export const METRIC_NAMES: Readonly<Record<Metric, string>> = {
  errorRate: 'error rate',
  tail: 'tail',
  differences: 'differences',
};

/** A number with its thousands told apart. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** A fraction as percent with two digits. */
export function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(2)} %`;
}

/** A time for people, rounded to seconds: `3m 20s`, `2h`. */
export function span(ms: number): string {
  return formatSpan(Math.max(0, Math.round(ms / 1_000)) * 1_000);
}

/** Where a line was measured: `error rate (shadow, eu-west)`. */
export function lineName({ metric, direction, region }: MetricLine): string {
  return `${METRIC_NAMES[metric]} (${region === null ? direction : `${direction}, ${region}`})`;
}

/** Why a metric says what it says, in one sentence. */
export function sayLine(line: MetricLine): string {
  const name = lineName(line);
  const { n, plus, minus } = line;
  switch (line.reason) {
    case 'PROVEN_WORSE':
      return `${name}: the candidate is worse: ${counted(line)} in ${count(n)} pairs${mostly(line)}`;
    case 'BECAME_WORSE':
      return `${name}: the candidate became worse in the last windows: ${counted(line)} in ${count(n)} pairs of the whole epoch${mostly(line)}`;
    case 'NO_PAIRS':
      return `${name}: no pairs yet`;
    case 'MIN_PAIRS':
      return `${name}: ${count(n)} pairs, too few to prove anything${inTime(line)}`;
    case 'NOT_PROVEN':
      return `${name}: not proven to be within ${points(line.margin)} (${count(plus)} against ${count(minus)} in ${count(n)} pairs)${inTime(line)}`;
    default:
      return `${name}: no more than ${points(line.margin)} worse (${count(plus)} against ${count(minus)} in ${count(n)} pairs)`;
  }
}

function counted({ metric, plus, minus }: MetricLine): string {
  const reverse = `${count(minus)} the other way round`;
  switch (metric) {
    case 'errorRate':
      return `${count(plus)} failed where legacy did not, ${reverse}`;
    case 'tail':
      return `${count(plus)} were slower than legacy's p99 where legacy was not, ${reverse}`;
    case 'differences':
      return `${count(plus)} differ`;
  }
}

function mostly({ culprit }: MetricLine): string {
  return culprit === null ? '' : `, most of all on route ${culprit}`;
}

function points(margin: number): string {
  return `${Number((margin * 100).toPrecision(3))} pp`;
}

function inTime({ etaS }: MetricLine): string {
  return etaS === null ? '' : `, ready in about ${span(Math.max(1_000, etaS * 1_000))}`;
}

/** What tripped the breaker. */
export function sayTrip({ by, bad, of, region }: Trip): string {
  const what =
    by === 'pairs'
      ? `${count(bad)} of ${count(of)} pairs failed on the candidate only`
      : `${count(bad)} of ${count(of)} answers of the candidate were bad`;
  return `${what} within one window (${region})`;
}
