import type { RolloutPlan } from '../state.ts';
import type { SiemRule } from './siem.ts';

/** The configured rollout with all that the gates read; durations in milliseconds, margins as fractions. */
export interface GatePlan extends RolloutPlan {
  readonly shadow: RolloutPlan['shadow'] & Lasting;
  readonly canary: RolloutPlan['canary'] & Lasting & { readonly minRequests: number };
  readonly regional: RolloutPlan['regional'] & Lasting & { readonly approval: boolean };
  readonly enforce: RolloutPlan['enforce'] & { readonly dwellMs: number };
  readonly gates: {
    readonly minPairs: number;
    /** `auto`: the larger of 0.1 percentage points and half of legacy's rate in the phase before. */
    readonly errorRate: number | 'auto';
    readonly differences: number;
    /** Legacy is compared with itself on a share of the copies. */
    readonly noise?: boolean;
    /** The SIEM is asked, too. */
    readonly siem?: SiemRule;
  };
  /** Age up to which an answer of the SIEM counts. */
  readonly siemFreshMs?: number;
}

interface Lasting {
  readonly dwellMs: number;
  readonly maxDurationMs: number;
}

/** The chance to advance with a candidate that is worse by the margin, of each metric. */
export const ALPHA_ADVANCE = 0.05;

/** The chance to abort with a candidate that is no worse, of all metrics of a phase together. */
export const ALPHA_ABORT = 0.01;

/** The smallest `auto` margin, a fraction; and the margin of errors in canary, which proves nothing by itself. */
const AUTO_MARGIN = 0.001;
const CANARY_MARGIN = 0.01;

/** The largest `auto` margin, a fraction: a legacy that fails often is no licence. */
const AUTO_MARGIN_MOST = 0.01;

/**
 * The tolerated excess of errors at a phase. `auto` is fixed when the phase is entered, from what legacy showed before:
 * a margin that moved with the evidence would be no margin.
 */
export function errorMargin(
  { gates }: GatePlan,
  { phase, legacyErrorRate }: { readonly phase: string; readonly legacyErrorRate: number },
): number {
  if (gates.errorRate !== 'auto') return gates.errorRate;
  if (phase === 'canary') return CANARY_MARGIN;
  if (phase === 'shadow') return AUTO_MARGIN;
  return Math.min(AUTO_MARGIN_MOST, Math.max(AUTO_MARGIN, legacyErrorRate / 2));
}

/** Least and longest time at a phase, milliseconds; a longest time of infinity never ends. */
export function timesOf(phase: string, plan: GatePlan): Lasting {
  switch (phase) {
    case 'shadow':
      return plan.shadow;
    case 'canary':
      return plan.canary;
    case 'regional':
      return plan.regional;
    default:
      return { dwellMs: phase === 'enforce' ? plan.enforce.dwellMs : 0, maxDurationMs: Infinity };
  }
}
