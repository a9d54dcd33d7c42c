import { PHASES } from '../core/snapshot.ts';
import type { Phase } from '../core/snapshot.ts';
import type { Position } from '../rollout/state.ts';

/** What `positionName` writes, and `regional` for its first step. Null for anything else. */
export function parsePlace(text: string): Position | null {
  const [, phase = '', step = '1'] = /^([a-z]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (!(PHASES as readonly string[]).includes(phase) || step === '0') return null;
  const known = phase as Phase;
  if (known !== 'regional' && text.includes('/')) return null;
  return { phase: known, step: Number(step) - 1 };
}
