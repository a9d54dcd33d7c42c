import type { TelemetryStore } from '../rollout/ports.ts';
import { summariseLatency } from '../telemetry/histogram.ts';
import type { Window } from '../telemetry/types.ts';

/** Windows looked back on. */
const WINDOWS = 30;

/** A threshold that moved by less is not worth another snapshot. */
const WORTH_PUBLISHING = 0.02;

type Thresholds = Readonly<Record<string, number>>;

/**
 * The tail threshold of each route: legacy's own p99 over earlier windows. It is predictable, because no window
 * is measured with a threshold that it had a part in.
 */
export class TailThresholds {
  private windows: Window[] = [];
  private published: Thresholds = {};

  /** Microseconds per route; a route with too little evidence is absent. */
  get tauUs(): Thresholds {
    return this.published;
  }

  /** Takes a completed window in. @returns whether the thresholds changed enough for a new snapshot */
  add(window: Window): boolean {
    this.windows = [...this.windows, window].slice(-WINDOWS);
    const next = thresholdsOf(this.windows);
    if (!isWorth(this.published, next)) return false;
    this.published = next;
    return true;
  }

  /** Goes on where an earlier supervisor stopped. */
  async recall(store: TelemetryStore, nowMs: number, windowMs: number): Promise<void> {
    for await (const window of store.readWindows(nowMs - WINDOWS * windowMs, nowMs)) this.add(window);
  }
}

function thresholdsOf(windows: readonly Window[]): Thresholds {
  const byRoute = new Map<string, string[]>();
  for (const { lane, route, latency } of windows.flatMap((window) => window.lanes)) {
    if (lane !== 'legacy' || latency === '') continue;
    const list = byRoute.get(route) ?? [];
    byRoute.set(route, list);
    list.push(latency);
  }
  const found: [string, number][] = [];
  for (const [route, latencies] of byRoute) {
    // Null below a thousand samples: fewer than ten would lie beyond it.
    const { p99Us } = summariseLatency(latencies);
    if (p99Us !== null) found.push([route, p99Us]);
  }
  return Object.fromEntries(found);
}

function isWorth(before: Thresholds, after: Thresholds): boolean {
  const routes = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...routes].some((route) => {
    const [old, fresh] = [before[route], after[route]];
    if (old === undefined || fresh === undefined) return old !== fresh;
    return Math.abs(fresh - old) > old * WORTH_PUBLISHING;
  });
}
