import type { Status } from '../control/schema/status.ts';
import { PHASES } from '../core/snapshot.ts';
import type { Phase } from '../core/snapshot.ts';
import type { Position, RolloutPlan } from '../rollout/state.ts';

/**
 * A position as people read and write it: `canary`, `regional/1` for the first regional step. People count from
 * 1; the gateway, its API and `--json` count from 0 (`step` is an index).
 */
export function placeName({ phase, step }: Position): string {
  return phase === 'regional' ? `regional/${step + 1}` : phase;
}

/** `regional/2, step 2 of 3`: the name with its place in the plan. */
export function placeInPlan(at: Position, steps: number): string {
  return at.phase === 'regional' ? `${placeName(at)}, step ${at.step + 1} of ${steps}` : placeName(at);
}

/** What {@link placeName} writes, and `regional` for its first step. Null for anything else. */
export function parsePlace(text: string): Position | null {
  const [, phase = '', step = '1'] = /^([a-z]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (!(PHASES as readonly string[]).includes(phase) || step === '0') return null;
  const known = phase as Phase;
  if (known !== 'regional' && text.includes('/')) return null;
  return { phase: known, step: Number(step) - 1 };
}

/** The steps in the gateway's own sentences, which count from 0, as people count them. */
export function countedFromOne(message: string): string {
  return message
    .replaceAll(/\bregional\/(\d{1,3})\b/g, (_, step: string) => `regional/${Number(step) + 1}`)
    .replace('counted from 0', 'counted from 1');
}

/** The positions of the plan that runs: as much of a plan as the status tells. */
export function planShape({ steps }: Status['rollout']): RolloutPlan {
  return {
    windowMs: 0,
    shadow: { sample: 0 },
    canary: { match: [] },
    regional: { steps: Array.from({ length: steps }, () => ({ region: '', share: 0 })) },
    enforce: { reverseSample: 0 },
  };
}
