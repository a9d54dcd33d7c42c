import { lowerBound, upperBound } from './bounds.ts';
import type { Claim } from './claims.ts';
import type { Outcome } from './simulate.ts';

/** What became of a claim. */
export interface Judged {
  readonly id: string;
  readonly reps: number;
  /** Runs in which it happened; by whom, where several could. */
  readonly hits: number;
  readonly by: Readonly<Record<string, number>>;
  readonly share: number;
  /** The share that is believable at 99.9 %: the largest, of a control the smallest. */
  readonly believable: number;
  readonly bound: Claim['bound'];
  /** Null: nothing was promised. */
  readonly holds: boolean | null;
  readonly horizonWindows: number;
  readonly pairsPerWindow: number;
}

/** Judges a claim by its runs. */
export function judge(
  { id, event, bound, horizonWindows, pairsPerWindow }: Claim,
  outcomes: readonly Outcome[],
): Judged {
  const reps = outcomes.length;
  const hit = outcomes.filter(({ verdict }) => verdict === event);
  const by: Record<string, number> = {};
  for (const { by: who } of hit) by[who] = (by[who] ?? 0) + 1;
  const isControl = bound !== null && 'least' in bound;
  const believable = (isControl ? lowerBound : upperBound)(hit.length, reps);
  const holds = bound === null ? null : isControl ? believable >= bound.least : believable <= bound.most;
  return {
    id,
    reps,
    hits: hit.length,
    by,
    believable,
    bound,
    holds,
    share: hit.length / reps,
    horizonWindows,
    pairsPerWindow,
  };
}

/** One line for people. */
export function sayJudged({ id, reps, share, believable, bound, holds, by, horizonWindows }: Judged): string {
  const mark = holds === null ? '-   ' : holds ? 'ok  ' : 'FAIL';
  const percent = (fraction: number): string => `${(fraction * 100).toFixed(2)} %`;
  const asked =
    bound === null
      ? ''
      : 'most' in bound
        ? `, at most ${percent(believable)} (${percent(bound.most)} promised)`
        : `, at least ${percent(believable)} (${percent(bound.least)} wanted)`;
  const who = Object.entries(by)
    .filter(([name]) => name !== '')
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
  const runs = `${reps.toLocaleString('en-US')} runs of ${horizonWindows.toLocaleString('en-US')} windows`;
  return `${mark}  ${id}: ${percent(share)}${asked} in ${runs}${who === '' ? '' : ` (${who})`}`;
}
