/** How fast a capture is replayed. */
export type Pace =
  /** As it was captured, so many times as fast; gaps longer than `maxGapMs` (as captured) are cut to it. */
  | { readonly kind: 'original'; readonly speed: number; readonly maxGapMs: number }
  /** So many requests a second, evenly. */
  | { readonly kind: 'rate'; readonly perSecond: number }
  /** As fast as the lanes answer. */
  | { readonly kind: 'unpaced' };

/** Tells when each request is due, in the order of the capture. Pure. */
export class Schedule {
  private readonly pace: Pace;
  private requests = 0;
  private lastAtMs: number | null = null;
  private dueMs = 0;

  constructor(pace: Pace) {
    this.pace = pace;
  }

  /**
   * @param atMs when the next request was made, null where the capture does not say
   * @returns when it is due, milliseconds after the start
   */
  due(atMs: number | null): number {
    this.requests += 1;
    if (this.pace.kind === 'rate') return ((this.requests - 1) * 1000) / this.pace.perSecond;
    if (this.pace.kind === 'unpaced' || atMs === null) return this.dueMs;
    const { speed, maxGapMs } = this.pace;
    // Logs are written when answers end: a time that lies before the last one is due at once.
    const gapMs = this.lastAtMs === null ? 0 : Math.min(maxGapMs, Math.max(0, atMs - this.lastAtMs));
    this.lastAtMs = Math.max(this.lastAtMs ?? atMs, atMs);
    this.dueMs += gapMs / speed;
    return this.dueMs;
  }
}
