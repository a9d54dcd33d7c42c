import { LIMITS } from '../../core/limits.ts';
import type { Lane } from '../../core/snapshot.ts';
import type { RolloutPlan, RolloutState } from '../state.ts';
import { exposureAt, shareOf } from '../view.ts';
import { stepRegion } from './needs.ts';
import type { Requirement } from './types.ts';
import { count, span } from './words.ts';

/** Alerts of one level: 0 to 16, as Wazuh counts them. */
export interface AlertCount {
  readonly level: number;
  readonly count: number;
}

/** What the SIEM said about one region at one moment: plain data, so that a verdict on it can be replayed. */
export interface SiemReading {
  readonly region: string;
  /** The alerts are about windows and events of this epoch. */
  readonly epoch: number;
  /** When it was asked, and up to when its records are complete: milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly toMs: number;
  /** Why the answer says nothing, as a sentence; null: it counts. */
  readonly odd: string | null;
  /** Why its silence says nothing although it answered well: what it has of us is late or not whole. Alerts count all the same. */
  readonly late?: string | undefined;
  readonly alerts: Readonly<Record<Lane, readonly AlertCount[]>>;
}

/** What of the SIEM's alerts is a breach: `rollout.gates.siem`. */
export interface SiemRule {
  /** Alerts about the candidate, of `level` or above, that are needed. */
  readonly minAlerts: number;
  /** How many times as many as about legacy they have to be. */
  readonly ratio: number;
  readonly level: number;
  /** From this level on one alert is enough. */
  readonly atOnce: number;
  /** Whether `enforce` asks, too. */
  readonly enforce: boolean;
}

/** What is made of a region: `early`, the SIEM has not had the time to hear of this epoch. */
export interface SiemFinding {
  readonly region: string;
  readonly kind: 'breached' | 'invalid' | 'early' | 'clean';
  readonly message: string;
  readonly etaS: number | null;
}

interface Looked {
  readonly state: RolloutState;
  readonly plan: RolloutPlan & {
    readonly gates: { readonly siem?: SiemRule };
    readonly siemFreshMs?: number;
  };
  readonly siem?: readonly SiemReading[];
  readonly nowMs: number;
}

/** How far behind the clock of a reading may be. */
const CLOCK_TOLERANCE_MS = 5_000;

/** What the SIEM says about each region that this position shows the candidate; nothing where nobody asks for it. */
export function siemFindings({ state, plan, siem = [], nowMs }: Looked): readonly SiemFinding[] {
  const rule = plan.gates.siem;
  if (rule === undefined || state.bypass) return [];
  return askedRegions(state, plan, rule).map((region) => {
    const reading = siem.find((each) => each.region === region && each.epoch === state.epoch);
    const said = judged(reading, rule, state, { nowMs, freshMs: plan.siemFreshMs ?? 0, plan });
    return { region, etaS: null, ...said };
  });
}

/** The regions with a share, the step's own first: what is not known of it is said first. */
function askedRegions(state: RolloutState, plan: RolloutPlan, rule: SiemRule): string[] {
  const asks = state.phase === 'regional' || (state.phase === 'enforce' && rule.enforce);
  if (!asks) return [];
  const exposure = exposureAt(state, plan);
  const own = stepRegion(state, plan);
  const regions = [...new Set(plan.regional.steps.map(({ region }) => region))];
  return regions
    .filter((region) => shareOf(exposure, region) > 0)
    .toSorted((one, other) => Number(other === own) - Number(one === own));
}

type Judged = Pick<SiemFinding, 'kind' | 'message'> & { readonly etaS?: number };

function judged(
  reading: SiemReading | undefined,
  rule: SiemRule,
  { epochSinceMs }: RolloutState,
  { nowMs, freshMs, plan }: { nowMs: number; freshMs: number; plan: RolloutPlan },
): Judged {
  const ageMs = nowMs - (reading?.atMs ?? epochSinceMs);
  if (reading === undefined && ageMs <= freshMs)
    return { kind: 'early', message: 'it was not asked about this epoch yet', etaS: freshMs / 1_000 };
  if (reading === undefined) return { kind: 'invalid', message: 'it has not answered under this epoch' };
  if (ageMs > freshMs || ageMs < -CLOCK_TOLERANCE_MS)
    return { kind: 'invalid', message: `its newest answer is ${span(ageMs)} old (at most ${span(freshMs)})` };
  if (reading.odd !== null) return { kind: 'invalid', message: reading.odd };
  const breach = breachOf(reading, rule);
  if (breach !== null) return { kind: 'breached', message: breach };
  if (reading.late !== undefined) return { kind: 'invalid', message: reading.late };
  // The first whole window of an epoch is told after its end, and after the grace that deltas of workers have.
  const missingMs = epochSinceMs + 2 * plan.windowMs + LIMITS.windowGraceMs - reading.toMs;
  if (missingMs > 0)
    return { kind: 'early', message: 'no window of this epoch can be there yet', etaS: missingMs / 1_000 };
  return { kind: 'clean', message: sayCounts(reading, rule.level) };
}

/**
 * Each alert stands for a whole window or for a de-duplicated event, never for a request, so that counts of both lanes
 * over the same span compare by themselves: a rate per request would only punish the lane with the smaller share.
 */
function breachOf(reading: SiemReading, { level, atOnce, minAlerts, ratio }: SiemRule): string | null {
  const asked = [
    { from: atOnce, least: 1 },
    { from: level, least: minAlerts },
  ];
  // What is critical on few requests is no more than major on many: legacy is looked at from the lower level.
  const legacy = countFrom(reading.alerts.legacy, level);
  const broken = asked.find(({ from, least }) => {
    const candidate = countFrom(reading.alerts.candidate, from);
    return candidate >= least && candidate > ratio * legacy;
  });
  if (broken === undefined) return null;
  return `${sayCounts(reading, broken.from)} (${broken.least} or more, and more than ${ratio} times legacy's, take it back)`;
}

function countFrom(alerts: readonly AlertCount[], from: number): number {
  return alerts.reduce((sum, { level, count: many }) => sum + (level >= from ? many : 0), 0);
}

function sayCounts({ region, alerts }: SiemReading, level: number): string {
  const [candidate, legacy] = [countFrom(alerts.candidate, level), countFrom(alerts.legacy, level)];
  return `${count(candidate)} alerts of level ${level} or above about the candidate in ${region}, ${count(legacy)} about legacy`;
}

/** The findings as what has to be so: what is odd makes the evidence invalid, what is early only holds. */
export function siemRequirements(findings: readonly SiemFinding[]): {
  readonly validity: readonly Requirement[];
  readonly requirements: readonly Requirement[];
} {
  const odd = findings.find(({ kind }) => kind === 'invalid');
  const said = ({ region, message }: SiemFinding) => `SIEM (${region}): ${message}`;
  if (odd !== undefined) {
    const unmet = { name: 'siem', met: false, reason: 'SIEM_ODD', message: said(odd), etaS: null } as const;
    return { validity: [unmet], requirements: [] };
  }
  const first =
    findings.find(({ kind }) => kind === 'breached') ??
    findings.find(({ kind }) => kind === 'early') ??
    findings[0];
  if (first === undefined) return { validity: [], requirements: [] };
  const met = first.kind === 'clean';
  const reason = first.kind === 'early' ? 'SIEM_EARLY' : 'SIEM_ALERTS';
  const requirement = {
    name: 'siem',
    met,
    reason,
    message: said(first),
    etaS: met ? 0 : first.etaS,
  } as const;
  return { validity: [], requirements: [requirement] };
}
