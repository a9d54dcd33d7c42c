import { positionName } from '../rollout/position.ts';
import { coverageLine } from './coverage-text.ts';
import { count, percent, points, time } from './figures.ts';
import { code, plain, table } from './markdown-text.ts';
import { deciding, excess, metricName, opposing, readyIn, verdictText } from './metric-text.ts';
import type { Report } from './schema.ts';

type Gate = Report['gate'];

/** What to do, in bold, and where the rollout stands. */
export function verdictSection({ gate, rollout }: Report): string {
  const [glyph, name] = verdictText(gate.verdict).split(' ');
  const facts = [
    `at \`${positionName(rollout)}\` since ${time(rollout.sinceMs)}`,
    rollout.paused ? 'paused' : '',
    rollout.bypass ? 'the kill switch is on' : '',
    rollout.withdrawn.length === 0 ? '' : `taken back: ${rollout.withdrawn.map(code).join(', ')}`,
    gate.next === null ? 'at the end of the plan' : `next \`${positionName(gate.next)}\``,
    readyIn(gate.etaS),
  ];
  const state = facts.filter((fact) => fact !== '').join(', ');
  return `**${glyph} GATE ${name}**: ${plain(gate.message)}\n\nThe rollout is ${state}.${actionText(gate)}\n`;
}

function actionText({ action }: Gate): string {
  if (action === null) return '';
  const what =
    action.region === null
      ? `the rollout goes back to \`${positionName(action.to)}\``
      : `${code(action.region)} alone goes back to legacy`;
  return ` By itself, ${what}.`;
}

/** Every metric with its evidence, and what else has to be so. */
export function gatesSection({ gate: { metrics, requirements } }: Report): string {
  const counts = ['candidate only', 'legacy only', 'n'];
  const heads = [
    'metric',
    'direction',
    'region',
    ...counts,
    'excess [95 %]',
    'margin',
    'evidence',
    'verdict',
  ];
  const first =
    metrics.length === 0 ? 'No metric is gated here.\n' : table(heads, metrics.map(metricRow), counts);
  const second = table(['requirement', 'met', 'why'], requirements.map(requirementRow));
  return `## Gates\n\n${first}${requirements.length === 0 ? '' : `\n${second}`}`;
}

function metricRow(line: Gate['metrics'][number]): string[] {
  return [
    metricName(line),
    line.direction ?? 'cohort',
    line.region === null ? 'all' : code(line.region),
    count(line.plus),
    // Whether legacy differs from itself is not measured: a zero would be a claim.
    line.metric === 'differences' && line.minus === 0 ? '-' : count(line.minus),
    count(line.n),
    excess(line) || '-',
    points(line.margin),
    [deciding(line), opposing(line)].filter((part) => part !== '').join('; '),
    withWait(verdictText(line.verdict), line.etaS),
  ];
}

function requirementRow({ name, met, message, etaS }: Gate['requirements'][number]): string[] {
  return [name, met ? '✓ met' : '✗ not met', met ? plain(message) : withWait(plain(message), etaS)];
}

function withWait(text: string, etaS: number | null): string {
  return [text, readyIn(etaS)].filter((part) => part !== '').join(', ');
}

/** How much of the traffic the evidence speaks for. */
export function coverageSection({ gate: { coverage } }: Report): string {
  const rows = coverage.map(({ route, critical, methods, requests, share, pairs, users, by }) => [
    code(route),
    critical ? 'yes' : 'no',
    methods,
    count(requests),
    percent(share),
    count(pairs),
    users === undefined ? '-' : count(users),
    by === 'unproven' ? '**unproven**' : `proven by ${by}`,
  ]);
  const numbers = ['requests', 'share', 'pairs', 'users'];
  const heads = ['route', 'critical', 'methods', ...numbers, 'evidence'];
  const line = coverageLine(coverage);
  const all = line === '' ? '' : `Of all requests: ${line}.\n\n`;
  return `## Coverage\n\n${rows.length === 0 ? 'No request was seen yet.\n' : `${all}${table(heads, rows, numbers)}`}`;
}
