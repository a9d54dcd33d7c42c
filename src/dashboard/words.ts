import { around, count } from '../report/figures.ts';
import { BOUNDS } from './bounds.ts';

/** Characters that a terminal obeys, that turn text around or that nobody sees. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Text of a peer for the screen: bounded, and what a terminal would obey is written out (`\x1b`, `\u202e`). */
export function clean(text: string): string {
  return text.slice(0, BOUNDS.textChars).replace(HIDDEN, escaped);
}

function escaped(char: string): string {
  const code = (char.codePointAt(0) ?? 0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
}

/** `1 class`, `2 classes`, `3 pairs`. */
export function counted(value: number, noun: string): string {
  if (value === 1) return `1 ${noun}`;
  return `${count(value)} ${noun}${noun.endsWith('s') ? 'es' : 's'}`;
}

/** A share as people write it: `5%`, `0.5%`. */
export function share(ratio: number): string {
  return `${Number((ratio * 100).toFixed(2))}%`;
}

/** A span of time in its two largest units: `3d 4h`, `25m 3s`, `0s`. */
export function span(ms: number): string {
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

/** When something comes: `~4 min`; nothing where it is so already or nobody knows. */
export function eta(seconds: number | null): string {
  return seconds === null || seconds <= 0 ? '' : around(seconds);
}

/** The time of day in UTC: `14:02:11`. */
export function clock(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 19);
}
