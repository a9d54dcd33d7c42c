const CONTROL = /\p{Cc}/gu;
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 12004 → `12,004`. */
export function count(value: number): string {
  return whole.format(value);
}

/** A number with its noun: `1 route`, `2 routes`, `3 classes`. */
export function counted(value: number, noun: string): string {
  if (value === 1) return `1 ${noun}`;
  return `${count(value)} ${noun}${noun.endsWith('s') ? 'es' : 's'}`;
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

/** A ratio as a percentage with two decimals; `-` for null. */
export function percent(ratio: number | null): string {
  return ratio === null ? '-' : `${(ratio * 100).toFixed(2)}%`;
}

/** Bytes in MiB, the size of a process. */
export function mebibytes(bytes: number): string {
  return `${count(bytes / 1024 ** 2)} MiB`;
}

/** A time in UTC to the second: `2026-11-23 14:02:11Z`. */
export function time(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** An age in its two largest units: `3d 4h`, `25m 3s`, `0s`. */
export function age(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const;
  const at = units.findIndex(([, size]) => ms >= size);
  if (at === -1) return '0s';
  let rest = ms;
  const parts = units.slice(at, at + 2).map(([name, size]) => {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    return amount === 0 ? '' : `${amount}${name}`;
  });
  return parts.join(' ').trimEnd();
}

/** Text of a peer for a terminal: control characters are written as `\x1b`, so that none is obeyed. */
export function safe(text: string): string {
  return text.replace(CONTROL, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
