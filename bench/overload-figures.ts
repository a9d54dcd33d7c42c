import { median } from './statistics.ts';

/** How many times its capacity a worker is asked for; and what must really have been asked for. */
export const OVERLOAD_FACTOR = 3;
const LEAST_FACTOR = 2.5;

/** What the flood saw: requests of the counted time. */
export interface FloodFigures {
  readonly sent: number;
  readonly served: number;
  /** Answered 503 by the guard, and because all connections to the server and the line for them were taken. */
  readonly refused: number;
  readonly busy: number;
  /** Due, and not made: every connection had a request under way. */
  readonly heldBack: number;
  readonly errors: number;
  readonly seconds: number;
  /** Of the served alone, from the moment they were sent. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the client itself. */
  readonly cpuSeconds: number;
}

/** One flood of one fresh worker. */
export interface OverloadSample {
  readonly round: number;
  /** `on`: the product's own `limits.loopDelay`; `off`: none. */
  readonly guard: 'on' | 'off';
  readonly capacityPerSecond: number;
  readonly flood: FloodFigures;
  /** Cores that strangers took meanwhile. */
  readonly disturbance: number;
}

export interface OverloadResult {
  readonly guard: 'on' | 'off';
  /** Why there are no figures, or null. */
  readonly reason: string | null;
  readonly processes: number;
  readonly dropped: number;
  readonly errors: number;
  readonly capacityPerSecond: number | null;
  /** Asked for and made, over the capacity. */
  readonly offered: number | null;
  /** Served, over the capacity. */
  readonly served: number | null;
  /** Answered 503 by the guard, and for want of a connection to the server, of all that were answered. */
  readonly refusedShare: number | null;
  readonly busyShare: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

function offeredOf({ flood, capacityPerSecond }: OverloadSample): number {
  return flood.sent / flood.seconds / capacityPerSecond;
}

/** All answers, one at least. */
export function answersOf({ served, refused, busy }: FloodFigures): number {
  return Math.max(1, served + refused + busy);
}

/** Why a sample says nothing, or null. */
export function overloadDropped(sample: OverloadSample, maxDisturbance: number): string | null {
  if (sample.disturbance > maxDisturbance) return 'disturbed by others';
  if (offeredOf(sample) < LEAST_FACTOR) return `the load could not ask for ${LEAST_FACTOR} × the capacity`;
  return null;
}

/** Medians over the fresh workers of one kind. */
export function overloadResult(
  guard: 'on' | 'off',
  samples: readonly OverloadSample[],
  maxDisturbance: number,
): OverloadResult {
  const own = samples.filter((sample) => sample.guard === guard);
  const kept = own.filter((sample) => overloadDropped(sample, maxDisturbance) === null);
  const [first] = own;
  const why = first === undefined ? 'no flood was made' : overloadDropped(first, maxDisturbance);
  const middle = (pick: (sample: OverloadSample) => number) =>
    kept.length === 0 ? null : median(kept.map(pick));
  return {
    guard,
    reason: kept.length === 0 ? why : null,
    processes: kept.length,
    dropped: own.length - kept.length,
    errors: kept.reduce((sum, { flood }) => sum + flood.errors, 0),
    capacityPerSecond: middle((sample) => sample.capacityPerSecond),
    offered: middle(offeredOf),
    served: middle(({ flood, capacityPerSecond }) => flood.served / flood.seconds / capacityPerSecond),
    refusedShare: middle(({ flood }) => flood.refused / answersOf(flood)),
    busyShare: middle(({ flood }) => flood.busy / answersOf(flood)),
    p50Ms: middle(({ flood }) => flood.p50Ms),
    p99Ms: middle(({ flood }) => flood.p99Ms),
  };
}

/** Nothing could be flooded. */
export function overloadWithout(reason: string): OverloadResult[] {
  return (['on', 'off'] as const).map((guard) => ({ ...overloadResult(guard, [], 0), reason }));
}
