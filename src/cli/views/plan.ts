import { positionName } from '../../rollout/position.ts';
import { around, signedPoints } from '../../report/figures.ts';
import { readyIn, verdictText } from '../../report/metric-text.ts';
import type { Plan } from '../../report/plan-schema.ts';
import { percent, rate, safe } from '../format.ts';
import type { Paint } from '../paint.ts';
import { aligned, table } from '../table.ts';
import { verdictPaint } from './gates.ts';

/** What `advance` would do, and what it waits for. */
export function planText(plan: Plan, paint: Paint): string {
  const { from, to } = plan;
  const here = positionName(from);
  const title = to === null ? `${here}, the end of the plan` : `${here} -> ${positionName(to)}`;
  const parts = [
    `${paint.strong(title)}\n${capital(plan.effect)}.\n`,
    sharesTable(plan, paint),
    aligned(facts(plan, paint)),
    missingText(plan),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function sharesTable({ shares }: Plan, paint: Paint): string {
  if (shares.length === 0) return '';
  const titles = ['NOW', 'THEN', 'CHANGE', 'PER S', 'MOVING PER S'];
  const columns = [{ title: 'REGION' }, ...titles.map((title) => ({ title, right: true }))];
  const rows = shares.map(({ region, before, after, perSecond, moving }) => [
    safe(region),
    percent(before),
    percent(after),
    after === before ? '-' : signedPoints(after - before),
    rate(perSecond),
    rate(moving),
  ]);
  return table(columns, rows, paint.faint);
}

/** The last column may be painted: nothing is aligned behind it. */
function facts({ gate, undo, refusal, coverage, moving, perSecond, to }: Plan, paint: Paint): string[][] {
  const verdict = verdictPaint(gate.verdict, paint)(verdictText(gate.verdict));
  const moves = ['Moves', `${rate(moving)} of ${rate(perSecond)} requests/s`];
  return [
    ...(to === null ? [] : [moves, ['Reversible', undo === null ? 'no' : `yes: ${undo}`]]),
    ['Gates', `${verdict}  ${safe(gate.message)}`],
    ...(coverage === '' ? [] : [['Coverage', coverage]]),
    ['Advance', outcome(refusal, paint)],
  ];
}

function outcome(refusal: Plan['refusal'], paint: Paint): string {
  if (refusal === null) return `${paint.good('would go')}: cutover advance`;
  const why = `${safe(refusal.message)} (exit ${refusal.exitCode})`;
  return `${paint.warn('would be refused')}: ${why}\n            ${safe(refusal.hint)}`;
}

function missingText({ missing, etaS }: Plan): string {
  if (missing.length === 0) return '';
  const rows = missing.map(({ name, message, etaS: wait }) => {
    // A metric's sentence begins with its name.
    const text = safe(message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message);
    // And it may end with its wait.
    const when = readyIn(wait);
    return [`  ${safe(name)}`, when === '' || text.includes('ready in') ? text : `${text}, ${when}`];
  });
  const total = etaS === null ? 'nobody can say when it is complete' : `complete in ${around(etaS)}`;
  return `Still missing, ${total}:\n${aligned(rows)}`;
}
