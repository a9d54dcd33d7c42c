import type { TelemetryStore } from '../rollout/ports.ts';
import { mergeEncoded, summariseLatency } from '../telemetry/histogram.ts';
import type { Window } from '../telemetry/types.ts';

/** Windows looked back on; a route with fewer answers in them is looked at further back. */
const WINDOWS = 30;

/** Answers from which on nothing older is needed: twice as many as make a p99. */
const ENOUGH_ANSWERS = 2_000;

/** Entries of one route that are kept at the most: the oldest half of them becomes one. */
const MOST_ENTRIES = 2 * WINDOWS;

/** A threshold that moved by less is not worth another snapshot. */
const WORTH_PUBLISHING = 0.02;

type Thresholds = Readonly<Record<string, number>>;

/** Legacy's answers on one route, in one window or in several old ones. */
interface Answered {
  readonly answers: number;
  readonly latency: string;
}

/**
 * The tail threshold of each route: legacy's own p99 over earlier windows. It is predictable, because no window
 * is measured with a threshold that it had a part in.
 */
export class TailThresholds {
  private readonly routes = new Map<string, readonly Answered[]>();
  private published: Thresholds = {};

  /** Microseconds per route; a route with too little evidence is absent. */
  get tauUs(): Thresholds {
    return this.published;
  }

  /** Takes a completed window in. @returns whether the thresholds changed enough for a new snapshot */
  add(window: Window): boolean {
    for (const { lane, route, requests, latency } of window.lanes) {
      if (lane !== 'legacy' || latency === '') continue;
      const kept = [...(this.routes.get(route) ?? []), { answers: requests, latency }];
      this.routes.set(route, recent(kept));
    }
    const next = this.thresholds();
    if (!isWorth(this.published, next)) return false;
    this.published = next;
    return true;
  }

  /** Goes on where an earlier supervisor stopped; what a route showed before these windows is not read again. */
  async recall(store: TelemetryStore, nowMs: number, windowMs: number): Promise<void> {
    for await (const window of store.readWindows(nowMs - WINDOWS * windowMs, nowMs)) this.add(window);
  }

  private thresholds(): Thresholds {
    const found: [string, number][] = [];
    for (const [route, kept] of this.routes) {
      // Null below a thousand samples: fewer than ten would lie beyond it.
      const { p99Us } = summariseLatency(kept.map(({ latency }) => latency));
      if (p99Us !== null) found.push([route, p99Us]);
    }
    return Object.fromEntries(found);
  }
}

/** The last windows of a route: as many as are looked back on, and more where these have too few answers. */
function recent(kept: readonly Answered[]): readonly Answered[] {
  let answers = 0;
  let first = kept.length;
  while (first > 0 && (kept.length - first < WINDOWS || answers < ENOUGH_ANSWERS)) {
    first -= 1;
    answers += kept[first]?.answers ?? 0;
  }
  const left = kept.slice(first);
  if (left.length <= MOST_ENTRIES) return left;
  const old = left.slice(0, WINDOWS);
  return [
    {
      answers: old.reduce((sum, entry) => sum + entry.answers, 0),
      latency: mergeEncoded(old.map(({ latency }) => latency)),
    },
    ...left.slice(WINDOWS),
  ];
}

function isWorth(before: Thresholds, after: Thresholds): boolean {
  const routes = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...routes].some((route) => {
    const [old, fresh] = [before[route], after[route]];
    if (old === undefined || fresh === undefined) return old !== fresh;
    return Math.abs(fresh - old) > old * WORTH_PUBLISHING;
  });
}
