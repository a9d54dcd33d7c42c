import { printable } from '../core/printable.ts';
import { around } from '../report/figures.ts';
import { BOUNDS } from './bounds.ts';

export { formatSpan as span } from '../core/units.ts';
export { counted } from '../report/figures.ts';

/** Text of a peer for the screen: bounded, and what a terminal would obey is written out. */
export function clean(text: string): string {
  return printable(text.slice(0, BOUNDS.textChars));
}

/** A share as people write it: `5%`, `0.5%`. */
export function share(ratio: number): string {
  return `${Number((ratio * 100).toFixed(2))}%`;
}

/** When something comes: `~4 min`; nothing where it is so already or nobody knows. */
export function eta(seconds: number | null): string {
  return seconds === null || seconds <= 0 ? '' : around(seconds);
}

/** The time of day in UTC: `14:02:11`. */
export function clock(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 19);
}
