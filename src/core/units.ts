/**
 * The units people write in configuration and on the command line. One grammar for both:
 * durations `250ms 30s 5m 2h 7d`, sizes `512B 64KiB 2GiB`, shares `10%`, margins `0.1pp`, rates `500/s`.
 */

const DURATION_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SIZE_BYTES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** Milliseconds, or null when the text is no duration. */
export function parseDurationMs(text: string): number | null {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(text);
  if (match === null) return null;
  return Number(match[1]) * DURATION_MS[match[2] as keyof typeof DURATION_MS];
}

/** Bytes, or null when the text is no size. */
export function parseSizeBytes(text: string): number | null {
  const match = /^(\d{1,12})(B|KiB|MiB|GiB)$/.exec(text);
  if (match === null) return null;
  return Number(match[1]) * SIZE_BYTES[match[2] as keyof typeof SIZE_BYTES];
}

/** A fraction in [0, 1], or null: `10%` is 0.1. */
export function parseShare(text: string): number | null {
  const match = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text);
  const percent = match === null ? Number.NaN : Number(match[1]);
  return percent >= 0 && percent <= 100 ? percent / 100 : null;
}

/** A difference of rates as a fraction, or null: `0.1pp` is 0.001. */
export function parsePercentagePoints(text: string): number | null {
  const match = /^(\d{1,3}(?:\.\d{1,6})?)pp$/.exec(text);
  return match === null ? null : Number(match[1]) / 100;
}

/** Events a second, or null: `500/s`. */
export function parseRatePerSecond(text: string): number | null {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)\/s$/.exec(text);
  return match === null ? null : Number(match[1]);
}

/** Shortest exact writing of a duration: 1500 → `1500ms`, 90000 → `90s`, 3600000 → `1h`. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms !== 0 && ms % DURATION_MS[unit] === 0) return `${ms / DURATION_MS[unit]}${unit}`;
  }
  return `${ms}ms`;
}

/** A share for people: 0.1 → `10%`, 0.015 → `1.5%`. */
export function formatShare(share: number): string {
  return `${Number((share * 100).toFixed(4))}%`;
}

const SPANS = [
  ['d', DURATION_MS.d],
  ['h', DURATION_MS.h],
  ['m', DURATION_MS.m],
  ['s', DURATION_MS.s],
] as const;

/** A span of time for people, in its two largest units: `3d 4h`, `25m 3s`, `2h`, `0s`. */
export function formatSpan(ms: number): string {
  const first = SPANS.findIndex(([, unitMs]) => ms >= unitMs);
  if (first === -1) return '0s';
  let left = ms;
  const parts = SPANS.slice(first, first + 2).map(([unit, unitMs]) => {
    const count = Math.floor(left / unitMs);
    left -= count * unitMs;
    return count === 0 ? '' : `${count}${unit}`;
  });
  return parts.join(' ').trimEnd();
}
