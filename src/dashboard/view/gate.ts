import type { StatusGate } from '../../control/schema/gate.ts';
import type { Status } from '../../control/schema/status.ts';
import type { GateVerdict } from '../../rollout/gates/types.ts';
import { positionName } from '../../rollout/position.ts';
import type { Tone } from '../known.ts';
import { percent, pointsInterval, points, signedPoints } from '../../report/figures.ts';
import { against, deciding, discordant, metricName, opposing } from '../../report/metric-text.ts';
import * as words from '../words.ts';

/** Evidence towards one threshold, on a log scale. */
export interface BarView {
  /** Of what is needed, clipped to [0, 1]; null where no proof is asked for. */
  readonly fraction: number | null;
  /** `6.0/20`: the evidence so far and what is needed. */
  readonly text: string;
}

/** One metric line: everything that says why. */
export interface MetricView {
  readonly name: string;
  readonly short: string;
  readonly direction: string;
  readonly region: string;
  /** `+0.02pp`, or `-` without pairs. */
  readonly estimate: string;
  /** `[-0.04,+0.09]`. */
  readonly interval: string;
  readonly margin: string;
  readonly verdict: GateVerdict;
  readonly reason: string;
  /** Discordant pairs and all of them. */
  readonly counts: string;
  readonly eta: string;
  readonly advance: BarView;
  readonly abort: BarView;
}

export interface RequirementView {
  readonly name: string;
  readonly met: boolean;
  readonly message: string;
  readonly eta: string;
}

export interface CoverageView {
  readonly route: string;
  readonly methods: string;
  readonly share: string;
  readonly proof: string;
  readonly tone: Tone;
}

export interface GateView {
  readonly verdict: GateVerdict;
  readonly message: string;
  /** Where it goes from here, and when. */
  readonly next: string;
  readonly metrics: readonly MetricView[];
  readonly requirements: readonly RequirementView[];
  readonly coverage: readonly CoverageView[];
}

/** The worst comes first, so that it is seen where there is little room. */
const SEVERITY: readonly GateVerdict[] = ['abort', 'invalid', 'hold', 'inconclusive', 'ready'];
const SHORT = { errorRate: 'err', tail: 'tail', differences: 'diff' } as const;

/** The gates of a status as they are shown. */
export function gateView({ gate }: Status): GateView {
  const severity = ({ verdict }: { verdict: GateVerdict }): number => SEVERITY.indexOf(verdict);
  return {
    verdict: gate.verdict,
    message: words.clean(gate.message),
    next: nextText(gate),
    metrics: gate.metrics.toSorted((a, b) => severity(a) - severity(b)).map(metricView),
    requirements: gate.requirements
      .map(({ name, met, message, etaS }) => ({
        name,
        met,
        message: words.clean(message),
        eta: met ? '' : words.eta(etaS),
      }))
      .toSorted((a, b) => Number(a.met) - Number(b.met)),
    coverage: gate.coverage.map(coverageView),
  };
}

/** Colour of a verdict: red for a breach only. */
export function verdictTone(verdict: GateVerdict): Tone {
  if (verdict === 'abort') return 'bad';
  if (verdict === 'ready') return 'good';
  return verdict === 'hold' ? 'plain' : 'warn';
}

function nextText({ action, next, verdict, approval, automatic, etaS }: StatusGate): string {
  if (action !== null) {
    const what = action.region === null ? 'the whole rollout' : words.clean(action.region);
    return `takes ${what} back to ${positionName(action.to)}`;
  }
  if (verdict === 'abort') return 'nothing is left to take back';
  if (next === null) return 'the end of the plan';
  const when = verdict === 'ready' ? 'now' : words.eta(etaS) || 'nobody knows when';
  const how = approval ? ', a person must agree' : automatic ? ', by itself' : '';
  return `next: ${positionName(next)}, ${when}${how}`;
}

function metricView(line: StatusGate['metrics'][number]): MetricView {
  const { metric, direction, region, estimate, interval, margin, verdict, reason } = line;
  const { logAdvance, needAdvance } = line;
  const { log, need } = against(line);
  const [forward, back] = [deciding(line), opposing(line)];
  const aborts = verdict === 'abort';
  return {
    name: metricName(line),
    short: SHORT[metric],
    direction,
    region: region === null ? 'all' : words.clean(region),
    estimate: estimate === null ? '-' : signedPoints(estimate),
    interval: interval === null ? '' : pointsInterval(interval),
    margin: `<${points(margin)}`,
    verdict,
    reason: reason.toLowerCase().replaceAll('_', ' '),
    counts: discordant(line) || 'no pairs yet',
    eta: words.eta(line.etaS),
    advance: barView(logAdvance, needAdvance, aborts ? back : forward),
    abort: barView(log, need, aborts ? forward : back),
  };
}

/** @param evidence as the other verbs write it: `abort e=6.0 (needs 20)` */
function barView(log: number, need: number | null, evidence: string): BarView {
  if (need === null) return { fraction: null, text: 'not asked' };
  const fraction = need <= 0 ? 1 : Math.min(1, Math.max(0, log / need));
  const [, sign = '=', now, needed] = /e([=<])(\S+) \(needs (\S+)\)/.exec(evidence) ?? [];
  return { fraction, text: now === undefined ? '' : `${sign === '<' ? '<' : ''}${now}/${needed}` };
}

function coverageView({
  route,
  critical,
  methods,
  share,
  pairs,
  by,
}: StatusGate['coverage'][number]): CoverageView {
  const proof = by === 'pairs' ? `by ${words.counted(pairs, 'pair')}` : 'unproven';
  return {
    route: words.clean(route),
    methods,
    share: percent(share),
    proof: critical ? `${proof}, critical` : proof,
    tone: by === 'unproven' && critical ? 'warn' : 'plain',
  };
}
