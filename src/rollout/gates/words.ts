import type { Trip } from './breaker.ts';
import type { Metric, MetricLine } from './types.ts';

/** How people call a metric. */
export const METRIC_NAMES: Readonly<Record<Metric, string>> = {
  errorRate: 'error rate',
  differences: 'differences',
};

/** A fraction as percent with two digits. */
export function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(2)} %`;
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** A time for people, in its two largest units: `3m 20s`, `2h`. */
export function span(ms: number): string {
  let left = Math.max(0, Math.round(ms / 1_000));
  const first = UNITS.findIndex(([, seconds]) => left >= seconds);
  if (first === -1) return '0s';
  const parts: string[] = [];
  for (const [unit, seconds] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join(' ');
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
      return `${name}: the candidate is worse: ${counted(line)} in ${n} pairs`;
    case 'NO_PAIRS':
      return `${name}: no pairs yet`;
    case 'MIN_PAIRS':
      return `${name}: ${n} pairs, too few to prove anything${inTime(line)}`;
    case 'NOT_PROVEN':
      return `${name}: not proven to be within ${points(line.margin)} (${plus} against ${minus} in ${n} pairs)${inTime(line)}`;
    default:
      return `${name}: no more than ${points(line.margin)} worse (${plus} against ${minus} in ${n} pairs)`;
  }
}

function counted({ metric, plus, minus }: MetricLine): string {
  return metric === 'errorRate'
    ? `${plus} failed where legacy did not, ${minus} the other way round`
    : `${plus} differ`;
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
      ? `${bad} of ${of} pairs failed on the candidate only`
      : `${bad} of ${of} answers of the candidate were bad`;
  return `${what} within one window (${region})`;
}
