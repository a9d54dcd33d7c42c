import { count } from '../report/figures.ts';

// Numbers are written as in reports; the views find all writing here.
export { count, milliseconds, percent, rate, signedMilliseconds, time } from '../report/figures.ts';

const CONTROL = /\p{Cc}/gu;

/** A number with its noun: `1 route`, `2 routes`, `3 classes`. */
export function counted(value: number, noun: string): string {
  if (value === 1) return `1 ${noun}`;
  return `${count(value)} ${noun}${noun.endsWith('s') ? 'es' : 's'}`;
}

/** Bytes in MiB, the size of a process. */
export function mebibytes(bytes: number): string {
  return `${count(bytes / 1024 ** 2)} MiB`;
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
