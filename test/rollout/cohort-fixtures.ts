import { decide } from '../../src/rollout/gates/decide.ts';
import type { GateInput } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import type { Evidence } from '../../src/rollout/gates/evidence.ts';
import type { GateReport } from '../../src/rollout/gates/types.ts';
import type { RegionCohorts } from '../../src/telemetry/cohort-types.ts';
import type { Window } from '../../src/telemetry/types.ts';
import { at } from './fixtures.ts';
import { gateInput, gatePlan, windowOf } from './gates-fixtures.ts';

/** Half of us-east: the second regional step of the fixtures' plan. */
const HALF = at('regional', 1);

/** New users of both cohorts in one window. */
export interface NewUsers {
  readonly candidate?: number;
  readonly legacy?: number;
  readonly candidateBad?: number;
  readonly legacyBad?: number;
  readonly lost?: number;
  readonly set?: string;
  readonly route?: string;
}

/** A window full of pairs without a fault, and so many new users beside them. */
export function cohortWindow(index: number, seen: NewUsers): Window {
  const { candidate = 0, legacy = 0, candidateBad = 0, legacyBad = 0, lost = 0 } = seen;
  const { set = 'one', route = 'orders' } = seen;
  const region: RegionCohorts = {
    region: 'us-east',
    candidate: { users: candidate, bad: candidateBad },
    legacy: { users: legacy, bad: legacyBad },
    lost,
    routes: [{ route, methods: 'write', candidate: Math.min(candidate, 50), legacy: Math.min(legacy, 50) }],
  };
  const pairs = { route: 'orders', region: 'us-east', error: { n: 4_000 } };
  const window = windowOf(index, [
    { ...pairs, legacy: { requests: 2_000, writes: 400 } },
    { ...pairs, direction: 'reverse', candidate: { requests: 2_000, writes: 400 } },
  ]);
  return { ...window, cohorts: { set, earlier: [], regions: [region] } };
}

/** The evidence of such windows, in their order. */
export function cohortEvidence(windows: readonly NewUsers[]): Evidence {
  return windows.reduce(
    (evidence, seen, index) => addWindow(evidence, cohortWindow(index, seen), gatePlan.gates.differences),
    noEvidence(1),
  );
}

/** The gates at half of us-east, where `orders` is critical, long after it was reached. */
export function cohortReport(windows: readonly NewUsers[], changes: Partial<GateInput> = {}): GateReport {
  const evidence = cohortEvidence(windows);
  const state = { ...HALF, sinceMs: -100_000_000, epochSinceMs: -100_000_000 };
  const input = { state, evidence, critical: ['orders'], nowMs: evidence.toMs + 1_000, ...changes };
  return decide(gateInput(input));
}

/** The same window so many times. */
export function times(count: number, seen: NewUsers): NewUsers[] {
  return Array.from({ length: count }, () => seen);
}
