import { around, count, milliseconds, percent, rate, time } from './figures.ts';
import { block, code, plain, table } from './markdown-text.ts';
import type { ReplayReport } from './replay-schema.ts';

/** Lets a bot that comments find its own comment again. */
const MARKER = '<!-- cutover-replay -->';
/** Classes and endpoints in the tables; all are in the JSON. */
const ROWS = 20;

/** The report of a replay for people, as GitHub-flavoured Markdown. */
export function replayMarkdown(report: ReplayReport): string {
  return [
    `${MARKER}\n# Cutover replay\n`,
    summary(report),
    classesSection(report),
    rulesSection(report),
    endpointsSection(report),
    accountingSection(report),
    lanesSection(report),
    footer(report),
  ].join('\n');
}

function summary({ counts, coverage, label, complete }: ReplayReport): string {
  const { judged, differing, statusDiffering, improved, sent } = counts;
  const share = judged === 0 ? '' : ` (${percent(differing / judged)})`;
  const lines = [
    `**${count(differing)} of ${count(judged)} pairs differ**${share}, ${count(statusDiffering)} of them in status.`,
    improved === 0 ? '' : `Legacy failed and the candidate did not: ${count(improved)}.`,
    `Pair coverage ${percent(coverage)} of ${count(sent)} requests sent.`,
    complete ? '' : '**The replay was interrupted: this is a part of it.**',
    `\n_${plain(`${label[0]?.toUpperCase()}${label.slice(1)}`)}._`,
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

function classesSection({ classes, counts }: ReplayReport): string {
  const title = '## Differences\n\n';
  if (classes.length === 0) return `${title}None in ${count(counts.judged)} pairs.\n`;
  const rows = classes.slice(0, ROWS).map(({ id, count: seen, kind, endpoint, path, example }) => {
    const [legacy, candidate] = [example.legacy, example.candidate].map((value) =>
      value === null ? '(absent)' : code(value),
    );
    return [code(id), count(seen), kind, code(endpoint), code(path), legacy ?? '', candidate ?? ''];
  });
  const heads = ['class', 'pairs', 'kind', 'endpoint', 'path', 'legacy', 'candidate'];
  const more = classes.length > ROWS ? `\n${count(classes.length - ROWS)} more in the JSON report.\n` : '';
  const others =
    counts.otherClasses === 0 ? '' : `\n${count(counts.otherClasses)} differences of further classes.\n`;
  return `${title}${table(heads, rows, ['pairs'])}${more}${others}${example(classes)}`;
}

function example([largest]: ReplayReport['classes']): string {
  if (largest === undefined) return '';
  const { example: seen, reproduce, id } = largest;
  const head = `\n### Example of the largest class\n\n${code(id)}, record ${count(seen.line)} of the capture, request ${code(seen.requestId)}. Again, with masked values filled in:\n`;
  return `${head}\n${block([reproduce.legacy, reproduce.candidate], 'sh')}`;
}

/** What was hidden, and by whose word; a rule that hid nothing may be gone. */
function rulesSection({ rules, counts }: ReplayReport): string {
  if (rules.length === 0) return '';
  const rows = rules.map(({ id, path, action, reason, hidden }) => [
    code(id),
    code(path),
    code(action),
    code(reason),
    hidden === 0 ? '**0**: it matches nothing here' : count(hidden),
  ]);
  const heads = ['rule', 'path', 'what', 'reason', 'hidden'];
  const only = `\n${count(counts.ignored)} pairs differ in nothing but what rules hide; they are no agreement.\n`;
  return `## Rules\n\n${table(heads, rows)}${only}`;
}

function endpointsSection({ endpoints }: ReplayReport): string {
  const most = endpoints
    .toSorted((one, other) => other.differing - one.differing || other.sent - one.sent)
    .slice(0, ROWS);
  const rows = most.map(({ endpoint, sent, judged, differing }) => [
    code(endpoint),
    count(sent),
    count(judged),
    count(differing),
    percent(judged === 0 ? null : differing / judged),
  ]);
  const heads = ['endpoint', 'sent', 'judged', 'differing', 'share'];
  const more =
    endpoints.length > ROWS ? `\n${count(endpoints.length - ROWS)} more in the JSON report.\n` : '';
  return `## Endpoints\n\n${table(heads, rows, heads.slice(1))}${more}`;
}

/** Every request that was read, to the last one. */
function accountingSection({ counts, capture }: ReplayReport): string {
  const nonzero = (entries: Readonly<Record<string, number>>): string[][] =>
    Object.entries(entries)
      .filter(([, seen]) => seen > 0)
      .map(([name, seen]) => [`– – ${name.replaceAll('_', ' ')}`, count(seen)]);
  const skipped = counts.read - counts.sent;
  const rows = [
    ['read', count(counts.read)],
    ['– skipped', count(skipped)],
    ...nonzero(counts.skipped),
    ['– sent', count(counts.sent)],
    ...nonzero(counts.outcomes),
  ];
  const others = capture.others === 0 ? '' : `\nRecords that are no requests: ${count(capture.others)}.\n`;
  const cut = capture.cut === null ? '' : `\nThe capture ends before its end: ${code(capture.cut)}.\n`;
  return `## Accounting\n\n${table(['requests', 'count'], rows, ['count'])}${others}${cut}`;
}

function lanesSection({ lanes, times }: ReplayReport): string {
  const quantiles = ({ samples, p50Ms, p90Ms, p99Ms, p999Ms }: ReplayReport['times']['behind']): string[] => [
    count(samples),
    ...[p50Ms, p90Ms, p99Ms, p999Ms].map(milliseconds),
  ];
  const rows = [
    ['legacy', ...quantiles(times.latency.legacy)],
    ['candidate', ...quantiles(times.latency.candidate)],
    ['sent late by', ...quantiles(times.behind)],
  ];
  const numbers = ['samples', 'p50', 'p90', 'p99', 'p99.9'];
  const answers = (['legacy', 'candidate'] as const).map((lane) => {
    const parts = Object.entries(lanes[lane]).map(([status, seen]) => `${code(status)} ${count(seen)}`);
    return `${lane}: ${parts.join(', ') || 'nothing'}`;
  });
  const note = '\n`-`: fewer than ten samples lie beyond the quantile.\n';
  return `## Lanes\n\n${answers.join('  \n')}\n\n${table(['time', ...numbers], rows, numbers)}${note}`;
}

function footer({ build, capture, settings, times }: ReplayReport): string {
  const parts = [
    `${code(capture.file)} (${capture.format}, ${count(capture.bytes)} bytes)`,
    `legacy ${code(settings['legacy'] ?? '')}`,
    `candidate ${code(settings['candidate'] ?? '')}`,
    `began ${time(times.startedAtMs)}`,
    `${around(times.elapsedMs / 1000)}, ${rate(times.sentPerSecond)} requests/s`,
    `build ${code(build)}`,
  ];
  return `---\n\nCutover: ${parts.join('; ')}\n`;
}
