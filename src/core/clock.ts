/**
 * The only place that reads a clock. Wall time labels records; monotonic time measures.
 */

/** Wall-clock time in milliseconds since the Unix epoch. It may jump: never subtract two of them to measure. */
export function wallMs(): number {
  return Date.now();
}

/** Monotonic time in milliseconds with a fraction, from an arbitrary origin of this process. */
export function monotonicMs(): number {
  return performance.now();
}

/** Monotonic time in whole microseconds, from the same origin as {@link monotonicMs}. */
export function monotonicUs(): number {
  return Math.round(performance.now() * 1000);
}
