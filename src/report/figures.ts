/** How numbers and times are written for people: alike on screens and in reports. */

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 12004 → `12,004`. */
export function count(value: number): string {
  return whole.format(value);
}

/** A rate per second: below ten one decimal, else whole. */
export function rate(value: number): string {
  return value < 10 ? value.toFixed(1) : count(value);
}

/** Milliseconds: `0.42 ms`, `12.1 ms`, `850 ms`; `-` for null. */
export function milliseconds(value: number | null): string {
  if (value === null) return '-';
  const size = Math.abs(value);
  if (size < 1) return `${value.toFixed(2)} ms`;
  return size < 100 ? `${value.toFixed(1)} ms` : `${count(value)} ms`;
}

/** A delta with its sign: `+7.7 ms`, `-0.10 ms`. */
export function signedMilliseconds(value: number | null): string {
  return value === null || value < 0 ? milliseconds(value) : `+${milliseconds(value)}`;
}

/** Where the delta of the p99 lies, as a sentence without its full stop. */
export function sayP99Delta(delta: {
  readonly p99LowMs: number | null;
  readonly p99HighMs: number | null;
}): string {
  const { p99LowMs, p99HighMs } = delta;
  if (p99LowMs === null || p99HighMs === null)
    return 'Where the p99 delta lies cannot be said yet: that takes about 2,000 pairs';
  const [low, high] = [signedMilliseconds(p99LowMs), signedMilliseconds(p99HighMs)];
  return `The p99 delta lies between ${low} and ${high} (95 %, however often it is looked at)`;
}

/** A ratio as a percentage with two decimals; `-` for null. */
export function percent(ratio: number | null): string {
  return ratio === null ? '-' : `${(ratio * 100).toFixed(2)}%`;
}

/** A time in UTC to the second: `2026-11-23 14:02:11Z`. */
export function time(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** A fraction in percentage points: `0.10pp`; a very small one has more decimals. */
export function points(fraction: number): string {
  const size = Math.abs(fraction * 100);
  const decimals = size === 0 || size >= 0.01 ? 2 : 4;
  const text = (fraction * 100).toFixed(decimals);
  return Number(text) === 0 ? '0.00pp' : `${text}pp`;
}

/** The same with its sign: `+0.21pp`, `-0.040pp`. */
export function signedPoints(fraction: number): string {
  const text = points(fraction);
  return text.startsWith('-') ? text : `+${text}`;
}

/** An interval of excesses, in percentage points: `[+0.05, +0.40]`. */
export function pointsInterval([low, high]: readonly [number, number]): string {
  return `[${[low, high].map((end) => signedPoints(end).replace('pp', '')).join(', ')}]`;
}

/** A wait in its order of size: `~40 s`, `~4 min`, `~26 h`, `~9 d`. */
export function around(seconds: number): string {
  const units = [
    ['s', 1, 90],
    ['min', 60, 90 * 60],
    ['h', 3_600, 36 * 3_600],
  ] as const;
  const [name, size] = units.find(([, , below]) => seconds < below) ?? ['d', 86_400];
  return `~${count(Math.max(1, Math.round(seconds / size)))} ${name}`;
}

/** A number with its noun: `1 route`, `2 routes`, `3 classes`. */
export function counted(value: number, noun: string): string {
  if (value === 1) return `1 ${noun}`;
  return `${count(value)} ${noun}${noun.endsWith('s') ? 'es' : 's'}`;
}
