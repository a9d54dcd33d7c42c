import { canonicalJson, sha256Hex } from '../../core/hash.ts';
import { next } from '../position.ts';
import type { RolloutState } from '../state.ts';
import { blamedRegion } from './blame.ts';
import { cohortLines, cohortValidity } from './cohort.ts';
import type { Evidence } from './evidence.ts';
import { linesOf, abortNeeds } from './lines.ts';
import { stepRegion } from './needs.ts';
import { advancingAt, timesOf } from './plan.ts';
import type { GatePlan } from './plan.ts';
import { coverageAt, requirementsOf } from './requirements.ts';
import { retreat } from './retreat.ts';
import { siemFindings, siemRequirements } from './siem.ts';
import type { SiemFinding, SiemReading } from './siem.ts';
import type { GateAction, GateReport, MetricLine, Requirement } from './types.ts';
import { validityOf } from './validity.ts';
import { sayLine, sayTrip, span } from './words.ts';

/** Everything a verdict is made of. */
export interface GateInput {
  readonly state: RolloutState;
  readonly plan: GatePlan;
  readonly evidence: Evidence;
  /** Names of the critical routes. */
  readonly critical: readonly string[];
  readonly nowMs: number;
  /** Every window of the epoch was taken in; false while those of an earlier supervisor are read. */
  readonly complete: boolean;
  /** What the SIEM said last about each region; absent: it was not asked. */
  readonly siem?: readonly SiemReading[];
}

/** The evidence after it was looked at from all sides, before anything is said about it. */
interface Seen extends Omit<GateInput, 'siem'> {
  readonly siem: readonly SiemFinding[];
  readonly lines: readonly MetricLine[];
  readonly validity: readonly Requirement[];
  readonly requirements: readonly Requirement[];
}

type Said = Pick<GateReport, 'verdict' | 'reason' | 'message'> & { readonly action?: GateAction | null };

/** Evaluates the gates of a position: pure and total, the same input gives the same report. */
export function decide(input: GateInput): GateReport {
  const { state, plan, evidence, critical, nowMs } = input;
  const coverage = coverageAt(state, plan, evidence, critical);
  const needs = abortNeeds(state, plan);
  const lines =
    state.phase === 'retired'
      ? []
      : [...linesOf(state, plan, evidence), ...cohortLines(input, coverage, needs)];
  const siem = siemFindings(input);
  const alerts = siemRequirements(siem);
  const validity = [...validityOf(input), ...cohortValidity(input, lines), ...alerts.validity];
  const looked = { state, plan, evidence, coverage, nowMs };
  const requirements = [...requirementsOf(looked), ...alerts.requirements];
  const { action = null, ...said } = verdictOf({ ...input, siem, lines, validity, requirements });
  const { phase, step, epoch } = state;
  return {
    ...said,
    phase,
    step,
    region: stepRegion(state, plan),
    epoch,
    next: next(state, plan),
    ...advancingAt(phase, plan),
    action,
    fromMs: evidence.fromMs,
    toMs: evidence.toMs,
    windows: evidence.windows,
    metrics: lines,
    requirements: [...validity, ...requirements],
    coverage,
    pairsPerSecond: paceOf(evidence),
    etaS: state.bypass ? null : etaOf(said.verdict, lines, [...validity, ...requirements]),
    evidenceHash: hashOf(evidence, input.siem),
  };
}

/** The first that holds: breaker, abort, invalid, ready, inconclusive, hold. In every state of the rollout. */
function verdictOf(seen: Seen): Said {
  return failed(seen) ?? invalid(seen) ?? ready(seen) ?? inconclusive(seen) ?? hold(seen);
}

/**
 * The breaker, else what was shown to be worse. What can be taken back comes first, so that a failure with nothing left
 * to take back never hides another one; a region that was taken back already has no say.
 */
function failed({ state, plan, evidence, lines, siem }: Seen): Said | null {
  if (state.phase === 'retired') return null;
  const trips = evidence.trips.map(
    (trip) => ({ reason: 'BREAKER', message: sayTrip(trip), region: trip.region }) as const,
  );
  const worse = lines
    .filter(({ verdict }) => verdict === 'abort')
    .toSorted((one, other) => other.logAbort - one.logAbort)
    .map((line) => ({
      reason: line.reason,
      message: sayLine(line),
      region: blamedRegion(line, state, plan, evidence),
    }));
  const alerts = siem
    .filter(({ kind }) => kind === 'breached')
    .map(({ region, message }) => ({ reason: 'SIEM_ALERTS', message: `SIEM: ${message}`, region }) as const);
  const failures = [...trips, ...worse, ...alerts]
    .filter(({ region }) => region === null || !state.withdrawn.includes(region))
    .map(
      ({ region, ...said }) => ({ ...said, verdict: 'abort', action: retreat(state, plan, region) }) as const,
    );
  return failures.find(({ action }) => action !== null) ?? failures[0] ?? null;
}

function invalid({ state, validity }: Seen): Said | null {
  const unmet = validity.find(({ met }) => !met);
  if (unmet === undefined || state.phase === 'retired' || state.bypass) return null;
  return { verdict: 'invalid', reason: unmet.reason, message: unmet.message };
}

function ready({ state, lines, requirements }: Seen): Said | null {
  if (state.phase === 'retired') {
    return {
      verdict: 'ready',
      reason: 'AT_END',
      message: 'the rollout is complete: nothing is left to prove',
    };
  }
  const open = state.bypass || lines.some(({ verdict }) => verdict !== 'ready');
  if (open || requirements.some(({ met }) => !met)) return null;
  const carried = lines.every(({ reason }) => reason === 'CARRIED_OVER');
  const message = carried
    ? 'nothing was shown to be worse, and what had to be proven was proven before'
    : 'the candidate was shown to be no worse than the margins allow';
  return { verdict: 'ready', reason: carried ? 'CARRIED_OVER' : 'PROVEN', message };
}

function inconclusive({ state, plan, nowMs }: Seen): Said | null {
  const { maxDurationMs } = timesOf(state.phase, plan);
  if (state.bypass || nowMs - state.epochSinceMs <= maxDurationMs) return null;
  const message = `nothing was proven within ${span(maxDurationMs)}: a person has to look`;
  return { verdict: 'inconclusive', reason: 'MAX_DURATION', message };
}

function hold({ state, evidence, lines, requirements }: Seen): Said {
  if (state.bypass) {
    return { verdict: 'hold', reason: 'BYPASSED', message: 'the kill switch is on: no evidence comes in' };
  }
  if (evidence.windows === 0) {
    return { verdict: 'hold', reason: 'NO_PAIRS', message: 'no window of this epoch is complete yet' };
  }
  const line = lines.find(({ verdict }) => verdict !== 'ready');
  // What time alone does not mend is said first.
  const unmet = requirements.filter(({ met }) => !met).toSorted((one, other) => rank(one) - rank(other))[0];
  if (unmet !== undefined && (line === undefined || rank(unmet) === 0)) {
    return { verdict: 'hold', reason: unmet.reason, message: unmet.message };
  }
  return line === undefined
    ? { verdict: 'hold', reason: 'NOT_PROVEN', message: 'not proven yet' }
    : { verdict: 'hold', reason: line.reason, message: sayLine(line) };
}

function rank({ etaS }: Requirement): number {
  return etaS === null ? 0 : 1;
}

const hashes = new WeakMap<Evidence, string>();

/** Evidence is never changed in place, and status is asked for more often than windows come. */
function hashOf(evidence: Evidence, siem?: readonly SiemReading[]): string {
  const hash = hashes.get(evidence) ?? sha256Hex(canonicalJson(evidence));
  hashes.set(evidence, hash);
  return siem === undefined ? hash : sha256Hex(canonicalJson({ evidence: hash, siem }));
}

function paceOf({ pairs, fromMs, toMs }: Evidence): number | null {
  const seconds = (toMs - fromMs) / 1_000;
  return seconds <= 0 ? null : pairs.reduce((sum, { error }) => sum + error.n, 0) / seconds;
}

/** The longest wait; null when something has no end in sight. */
function etaOf(
  verdict: GateReport['verdict'],
  lines: readonly MetricLine[],
  requirements: readonly Requirement[],
): number | null {
  if (verdict === 'ready') return 0;
  if (verdict === 'abort') return null;
  const open = [
    ...lines.filter((line) => line.verdict !== 'ready'),
    ...requirements.filter(({ met }) => !met),
  ];
  const waits = open.map(({ etaS }) => etaS);
  return waits.includes(null) || waits.length === 0 ? null : Math.max(...waits.map((wait) => wait ?? 0));
}
