import { pairsToAdvance } from '../../stats/eta.ts';
import { excessInterval } from '../../stats/interval.ts';
import { logAdvance } from '../../stats/paired.ts';
import type { Counts } from '../../stats/paired.ts';
import type { RolloutState } from '../state.ts';
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
  // A union of looks: each line may spend its part of the chance to abort by mistake, half of it on either test.
  const needAbort = Math.log((2 * asked.length) / ALPHA_ABORT);
  const needAlarm = Math.log(asked.length * windowsPerAlarm(state.phase, plan));
  return asked.map(({ need, metric }) => {
    const margin = marginOf(metric, plan, state);
    return lineOf({ need, metric, margin, needAbort, needAlarm, evidence, minPairs: plan.gates.minPairs });
  });
}

function marginOf(metric: Metric, plan: GatePlan, state: RolloutState): number {
  return metric === 'errorRate' ? errorMargin(plan, state) : plan.gates[metric];
}

interface Asked {
  readonly need: Need;
  readonly metric: Metric;
  readonly margin: number;
  readonly needAbort: number;
  readonly needAlarm: number;
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
    culprit: culpritOf(evidence.pairs, metric, need),
  };
  return { ...line, ...judged(line, counts, asked) };
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
  if (line.n === 0) return { verdict: 'hold', reason: 'NO_PAIRS', etaS: null };
  const etaS = eta(counts, asked);
  if (line.n < asked.minPairs) return { verdict: 'hold', reason: 'MIN_PAIRS', etaS };
  if (line.logAdvance >= line.needAdvance) return { verdict: 'ready', reason: 'PROVEN', etaS: 0 };
  return { verdict: 'hold', reason: 'NOT_PROVEN', etaS };
}

/** Seconds until enough pairs are there, at the pace of the epoch so far. */
function eta(counts: Counts, { margin, minPairs, evidence }: Asked): number | null {
  const more = pairsToAdvance(counts, margin, ALPHA_ADVANCE);
  const seconds = (evidence.toMs - evidence.fromMs) / 1_000;
  if (more === null || seconds <= 0) return null;
  return Math.max(more, minPairs - counts.n) / (counts.n / seconds);
}
