import type { Status } from '../control/schema/status.ts';
import { VERDICT_EXITS } from './exit-codes.ts';
import { parsePlace } from './position.ts';

/** What `wait` waits for, with its words on the command line. */
export type Goal = { readonly text: string } & (
  | {
      /** The gates are ready; an abort ends the wait, because it does not go away by itself. */
      readonly kind: 'ready';
    }
  | { readonly kind: 'verdict'; readonly verdict: Status['gate']['verdict'] }
  | {
      readonly kind: 'phase';
      readonly phase: Status['rollout']['phase'];
      /** Null: any of its steps. */
      readonly step: number | null;
    }
);

/** `ready`, `phase=canary`, `phase=regional/2` (the second step), `verdict=abort`; null for anything else. */
export function parseGoal(text: string): Goal | null {
  if (text === 'ready') return { text, kind: 'ready' };
  const [, kind, value = ''] = /^(phase|verdict)=(.+)$/.exec(text) ?? [];
  if (kind === 'verdict') {
    const verdict = value as Status['gate']['verdict'];
    return Object.hasOwn(VERDICT_EXITS, value) ? { text, kind, verdict } : null;
  }
  const place = kind === 'phase' ? parsePlace(value) : null;
  if (place === null) return null;
  return { text, kind: 'phase', phase: place.phase, step: value.includes('/') ? place.step : null };
}

/** Whether a status is what was waited for. */
export function isMet(goal: Goal, { gate, rollout }: Status): boolean {
  if (goal.kind === 'ready') return gate.verdict === 'ready';
  if (goal.kind === 'verdict') return gate.verdict === goal.verdict;
  return rollout.phase === goal.phase && (goal.step === null || rollout.step === goal.step);
}

/** Whether waiting has no point any more. */
export function isLost(goal: Goal, { gate }: Status): boolean {
  return goal.kind === 'ready' && gate.verdict === 'abort';
}
