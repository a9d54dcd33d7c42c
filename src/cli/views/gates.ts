import type { StatusGate } from '../../control/schema/gate.ts';
import { around, rate } from '../../report/figures.ts';
import * as metrics from '../../report/metric-text.ts';
import { positionName } from '../../rollout/position.ts';
import { counted, percent, safe, time } from '../format.ts';
import type { Paint } from '../paint.ts';
import { aligned } from '../table.ts';

type Verdict = StatusGate['verdict'];

/** The gates of a position: the verdict with its reason, then everything that it is made of. */
export function gatesText(gate: StatusGate, paint: Paint): string {
  const parts = [
    `${verdictLine(gate, paint)}\n${summary(gate)}`,
    aligned(gate.metrics.map((metric) => metricRow(metric, paint))),
    aligned(gate.requirements.map((requirement) => requirementRow(requirement, paint))),
    coverageText(gate.coverage),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

/** `✗ ABORT  error rate (shadow): the candidate is worse: …` */
function verdictLine({ verdict, message }: StatusGate, paint: Paint): string {
  return `${verdictPaint(verdict, paint)(metrics.verdictText(verdict))}  ${safe(message)}`;
}

/** The colour of a verdict; its word says the same. */
export function verdictPaint(verdict: Verdict, paint: Paint): (text: string) => string {
  switch (verdict) {
    case 'ready':
      return paint.good;
    case 'abort':
    case 'invalid':
      return paint.bad;
    case 'inconclusive':
    case 'hold':
      return paint.warn;
  }
}

/** What was looked at, what comes next, and when. */
function summary(gate: StatusGate): string {
  const { windows, toMs, pairsPerSecond, etaS } = gate;
  const pace = pairsPerSecond === null ? '' : `, ${rate(pairsPerSecond)} pairs/s`;
  const seen =
    windows === 0 ? 'no window is complete yet' : `${counted(windows, 'window')} up to ${time(toMs)}${pace}`;
  const wait =
    etaS === null || etaS <= 0 ? '' : `Ready in ${around(etaS)} if everything goes on as it does\n`;
  return `Evidence of ${placeText(gate)}: ${seen}\n${nextText(gate)}${wait}`;
}

function placeText({ phase, step, region, epoch }: StatusGate): string {
  const name = positionName({ phase, step });
  return `${name}${region === null ? '' : ` (${safe(region)})`}, epoch ${epoch}`;
}

function nextText({ verdict, next, approval, automatic, action }: StatusGate): string {
  if (action !== null) {
    const what =
      action.region === null
        ? `the rollout goes back to ${positionName(action.to)}`
        : `${safe(action.region)} alone goes back to legacy`;
    return `By itself: ${what}\n`;
  }
  if (verdict === 'abort')
    return 'By itself: nothing, the candidate has no client that could be taken back\n';
  if (next === null) return '';
  const how = approval ? 'cutover advance --approve --reason TEXT' : 'cutover advance';
  const itself = automatic && !approval ? 'by itself once it is ready, or ' : '';
  return `Next: ${positionName(next)} (${itself}${how})\n`;
}

function metricRow(line: metrics.Metric, paint: Paint) {
  return [
    metrics.metricName(line),
    line.direction,
    safe(line.region ?? 'all'),
    metrics.excess(line),
    metrics.marginText(line),
    { text: line.verdict.toUpperCase(), paint: verdictPaint(line.verdict, paint) },
    metrics.deciding(line),
    metrics.discordant(line),
    metrics.readyIn(line.etaS),
    metrics.opposing(line),
  ];
}

function requirementRow({ name, met, message, etaS }: StatusGate['requirements'][number], paint: Paint) {
  const word = met ? { text: '✓ met', paint: paint.good } : { text: '✗ not met', paint: paint.warn };
  const wait = met ? '' : metrics.readyIn(etaS);
  return [name, word, `${safe(message)}${wait === '' ? '' : `, ${wait}`}`];
}

/** `api (critical): read 90% of requests, 21,000 pairs; write 10%: unproven`, one line for each route. */
function coverageText(rows: StatusGate['coverage']): string {
  const routes = new Map(rows.map(({ route, critical }) => [route, critical]));
  const lines = [...routes].map(([route, critical]) => [
    `${safe(route)}${critical ? ' (critical)' : ''}`,
    rows
      .filter((row) => row.route === route)
      .map(classText)
      .join('; '),
  ]);
  return rows.length === 0 ? '' : `Coverage by route and method class:\n${aligned(lines)}`;
}

function classText({ methods, share, requests, pairs, by }: StatusGate['coverage'][number]): string {
  const part = requests === 0 ? `${methods}: no requests` : `${methods} ${percent(share)} of requests`;
  const proof = pairs === 0 ? 'no pairs' : counted(pairs, 'pair');
  return by === 'pairs' ? `${part}, ${proof}` : `${part}, ${proof}: unproven`;
}
