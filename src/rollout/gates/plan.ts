import type { RolloutPlan } from '../state.ts';

/** The configured rollout with all that the gates read; durations in milliseconds, margins as fractions. */
export interface GatePlan extends RolloutPlan {
  readonly shadow: RolloutPlan['shadow'] & Lasting & Advancing;
  readonly canary: RolloutPlan['canary'] & Lasting & Advancing & { readonly minRequests: number };
  readonly regional: RolloutPlan['regional'] & Lasting & Advancing;
  readonly enforce: RolloutPlan['enforce'] & { readonly dwellMs: number };
  readonly gates: {
    readonly minPairs: number;
    /** `auto`: the larger of 0.1 percentage points and half of legacy's rate in the phase before. */
    readonly errorRate: number | 'auto';
    /** Excess of answers that are slower than legacy's own p99, a fraction. */
    readonly tail: number;
    readonly differences: number;
    /** Share of windows that may have a burst of errors; `auto`: 1 %, and half of it in `regional`. */
    readonly badWindows: number | 'auto';
    /** Legacy is compared with itself on a share of the copies. */
    readonly noise?: boolean;
  };
}

interface Lasting {
  readonly dwellMs: number;
  readonly maxDurationMs: number;
}

interface Advancing {
  /** A person must agree before the phase, or each of its steps, is left. */
  readonly approval: boolean;
  /** The gates move on by themselves when they are ready, and when a person agreed where one must. */
  readonly automatic: boolean;
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

/** Share of windows that may have a burst of errors. */
const BAD_WINDOWS = 0.01;
const BAD_WINDOWS_LIVE = 0.005;

/** The tolerated share of windows with a burst of errors at a phase: live traffic pays for each of them. */
export function badWindowsAt({ gates }: GatePlan, phase: string): number {
  if (gates.badWindows !== 'auto') return gates.badWindows;
  return phase === 'regional' ? BAD_WINDOWS_LIVE : BAD_WINDOWS;
}

/** Whether a person must agree before a phase is left, and whether it is left by itself. */
export function advancingAt(phase: string, plan: GatePlan): Advancing {
  if (phase !== 'shadow' && phase !== 'canary' && phase !== 'regional')
    return { approval: false, automatic: false };
  const { approval, automatic } = plan[phase];
  return { approval, automatic };
}

/** Windows without an end in sight: one false alarm in so many, while nothing is wrong. */
const ENDLESS_WINDOWS = 100_000;

/**
 * How rare a false alarm of a phase has to be: in so many windows one is expected at the most. Over the longest time of the
 * phase that leaves half of the chance to abort by mistake; the other half is that of the test over the whole epoch.
 */
export function windowsPerAlarm(phase: string, plan: GatePlan): number {
  const windows = timesOf(phase, plan).maxDurationMs / plan.windowMs;
  return Number.isFinite(windows) ? Math.max(1, (2 * windows) / ALPHA_ABORT) : ENDLESS_WINDOWS;
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
