import { CRASH_POINT_NAMES } from './points.ts';
import type { Outcome } from './simulate.ts';
import { emptyTally } from './world.ts';
import type { Tally } from './world.ts';

/** What many seeds came to. */
export interface Sum {
  seeds: number;
  steps: number;
  slowestReliefMs: number;
  readonly tally: Tally;
  readonly failed: Outcome[];
}

export function emptySum(): Sum {
  return { seeds: 0, steps: 0, slowestReliefMs: 0, tally: emptyTally(), failed: [] };
}

/** Adds one seed. */
export function addTo(sum: Sum, outcome: Outcome): void {
  sum.seeds += 1;
  sum.steps += outcome.steps;
  sum.slowestReliefMs = Math.max(sum.slowestReliefMs, outcome.slowestReliefMs);
  for (const kind of ['points', 'faults', 'moves'] as const) {
    const [into, from]: Record<string, number>[] = [sum.tally[kind], outcome.tally[kind]];
    for (const [name, count] of Object.entries(from ?? {}))
      if (into !== undefined) into[name] = (into[name] ?? 0) + count;
  }
  if (outcome.failure !== null) sum.failed.push(outcome);
}

/** Points at which fewer processes died than that. */
export function rarePoints({ tally }: Sum, least: number): string[] {
  return CRASH_POINT_NAMES.filter((point) => tally.points[point] < least).map(
    (point) => `${point}: ${tally.points[point]}`,
  );
}

/** The command that runs a seed again. */
export function replayOf({ seed, failure }: Outcome): string {
  const what =
    failure === null ? '' : `${failure.invariant}, ${failure.atS.toFixed(3)} s: ${failure.message}\n  `;
  return `seed ${seed} ${what}npm run simulate -- --seed ${seed} --trace`;
}

/** Everything that was counted, as lines. */
export function tableOf({ seeds, steps, slowestReliefMs, tally }: Sum): string[] {
  const rows = (title: string, counts: Readonly<Record<string, number>>): string[] => [
    `${title}:`,
    ...Object.entries(counts).map(([name, count]) => `  ${name.padEnd(28)}${String(count).padStart(9)}`),
  ];
  return [
    `${seeds} seeds, ${steps} steps, slowest rollback in effect after ${(slowestReliefMs / 1_000).toFixed(1)} s`,
    ...rows('killed', tally.points),
    ...rows('faults', tally.faults),
    ...rows('done', tally.moves),
  ];
}
