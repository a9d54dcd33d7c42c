import { pairsToAdvance } from '../../stats/eta.ts';
import { excessInterval } from '../../stats/interval.ts';
import { logAdvance } from '../../stats/paired.ts';
import type { Counts } from '../../stats/paired.ts';
import { P99_SAMPLES } from '../../telemetry/histogram.ts';
import type { RolloutState } from '../state.ts';
import { cohortRegions } from './cohort.ts';
import type { Evidence } from './evidence.ts';
import { needsOf } from './needs.ts';
import type { Need } from './needs.ts';
import { culpritOf } from './culprit.ts';
import { ALPHA_ABORT, ALPHA_ADVANCE, errorMargin, windowsPerAlarm } from './plan.ts';
import type { GatePlan } from './plan.ts';
import { countsOf } from './scopes.ts';
import { METRICS } from './types.ts';
import type { Metric, MetricLine } from './types.ts';
import { windowTest } from './window-tests.ts';

/** One line per metric and scope that a position looks at. */
export function linesOf(state: RolloutState, plan: GatePlan, evidence: Evidence): readonly MetricLine[] {
  const needs = needsOf(state, plan);
  const asked = needs.flatMap((need) => METRICS.map((metric) => ({ need, metric })));
  const needed = abortNeeds(state, plan);
  return asked.map(({ need, metric }) => {
    const margin = marginOf(metric, plan, state);
    return lineOf({ need, metric, margin, ...needed, evidence, minPairs: plan.gates.minPairs });
  });
}

/** What the evidence against the candidate has to reach, natural logarithms: over the epoch, and lately. */
export interface AbortNeeds {
  readonly needAbort: number;
  readonly needAlarm: number;
}

/**
 * A union of looks: each line may spend its part of the chance to abort by mistake, half of it on either test; one that has
 * no users yet, too.
 */
export function abortNeeds(state: RolloutState, plan: GatePlan): AbortNeeds {
  const lines = needsOf(state, plan).length * METRICS.length + cohortRegions(state, plan).length;
  const looks = Math.max(1, lines);
  return {
    needAbort: Math.log((2 * looks) / ALPHA_ABORT),
    needAlarm: Math.log(looks * windowsPerAlarm(state.phase, plan)),
  };
}

function marginOf(metric: Metric, plan: GatePlan, state: RolloutState): number {
  return metric === 'errorRate' ? errorMargin(plan, state) : plan.gates[metric];
}

interface Asked extends AbortNeeds {
  readonly need: Need;
  readonly metric: Metric;
  readonly margin: number;
  readonly evidence: Evidence;
  readonly minPairs: number;
}

function lineOf(asked: Asked): MetricLine {
  const { need, metric, margin, needAbort, needAlarm, evidence } = asked;
  const { direction, region, proof } = need;
  const counts = countsOf(evidence.pairs, metric, need);
  const { n, plus, minus } = counts;
  const { worse, lately } = windowTest(evidence.tests, metric, need);
  const line = {
    metric,
    direction,
    region,
    n,
    plus,
    minus,
    estimate: n === 0 ? null : (plus - minus) / n,
    interval: intervalOf(metric, counts),
    margin,
    logAdvance: logAdvance(counts, margin),
    needAdvance: proof ? Math.log(1 / ALPHA_ADVANCE) : null,
    logAbort: worse,
    needAbort,
    logAlarm: lately,
    needAlarm,
    culprit: null,
  };
  const judgement = judged(line, counts, asked);
  // A name is looked for where somebody has to act on it: a position is judged with every look.
  if (judgement.verdict !== 'abort') return { ...line, ...judgement };
  return { ...line, ...judgement, culprit: culpritOf(evidence.pairs, metric, need) };
}

/** A share of pairs that differ is never below zero; an excess, of errors or over legacy's own noise, may be. */
function intervalOf(metric: Metric, counts: Counts): MetricLine['interval'] {
  const interval = excessInterval(counts, ALPHA_ADVANCE);
  if (interval === null || metric !== 'differences' || counts.minus > 0) return interval;
  return [Math.max(0, interval[0]), interval[1]];
}

type Judgement = Pick<MetricLine, 'verdict' | 'reason' | 'etaS'>;

function judged(line: Omit<MetricLine, keyof Judgement>, counts: Counts, asked: Asked): Judgement {
  if (line.logAbort >= line.needAbort) return { verdict: 'abort', reason: 'PROVEN_WORSE', etaS: null };
  if (line.logAlarm >= line.needAlarm) return { verdict: 'abort', reason: 'BECAME_WORSE', etaS: null };
  if (line.needAdvance === null) return { verdict: 'ready', reason: 'CARRIED_OVER', etaS: 0 };
  if (line.n === 0) return { verdict: 'hold', reason: 'NO_PAIRS', etaS: etaOfFirst(asked) };
  const etaS = eta(counts, asked);
  if (line.n < asked.minPairs) return { verdict: 'hold', reason: 'MIN_PAIRS', etaS };
  if (line.logAdvance >= line.needAdvance) return { verdict: 'ready', reason: 'PROVEN', etaS: 0 };
  return { verdict: 'hold', reason: 'NOT_PROVEN', etaS };
}

/** Seconds until legacy's p99 is known and enough pairs came after that; null where nothing says that any will come. */
function etaOfFirst({ need, metric, margin, minPairs, evidence }: Asked): number | null {
  const seconds = (evidence.toMs - evidence.fromMs) / 1_000;
  const pairs = countsOf(evidence.pairs, 'errorRate', need).n;
  const answers = evidence.requests.reduce(
    (sum, { lane, requests }) => sum + (lane === 'legacy' ? requests : 0),
    0,
  );
  if (metric !== 'tail' || pairs === 0 || answers === 0 || seconds <= 0) return null;
  const more = pairsToAdvance({ n: 0, plus: 0, minus: 0 }, margin, ALPHA_ADVANCE) ?? 0;
  const knownS = Math.max(0, P99_SAMPLES - answers) / (answers / seconds);
  return knownS + Math.max(more, minPairs) / (pairs / seconds);
}

/** Seconds until enough pairs are there, at the pace of the epoch so far. */
function eta(counts: Counts, { margin, minPairs, evidence }: Asked): number | null {
  const more = pairsToAdvance(counts, margin, ALPHA_ADVANCE);
  const seconds = (evidence.toMs - evidence.fromMs) / 1_000;
  if (more === null || seconds <= 0) return null;
  return Math.max(more, minPairs - counts.n) / (counts.n / seconds);
}
