import { positionName } from '../rollout/position.ts';
import { ACCOUNTING } from './accounting.ts';
import { count, percent, time } from './figures.ts';
import { block, code, table } from './markdown-text.ts';
import type { Report } from './schema.ts';

/** Classes in the table; all that the report has are in its JSON. */
const CLASSES_SHOWN = 20;

/** The largest classes of differences, and one worked example. */
export function differencesSection(report: Report): string {
  const { classes, classesTotal, compared, example, legacyOnly } = report;
  const title = `## Differences\n\n`;
  if (classesTotal === 0) return `${title}None in ${count(compared)} compared pairs.\n`;
  // Without a noise leg there is nothing to say about it.
  const judged = classes.some(({ judgement }) => (judgement?.triples ?? 0) > 0);
  const rows = classes
    .slice(0, CLASSES_SHOWN)
    .map(({ id, count: seen, kind, endpoint, path, example: first, judgement }) => [
      code(id),
      count(seen),
      ...(judged ? [verdict(judgement)] : []),
      kind,
      code(endpoint),
      code(path),
      first === null ? '-' : side(first.difference.legacy),
      first === null ? '-' : side(first.difference.candidate),
    ]);
  const heads = [
    'class',
    'count',
    ...(judged ? ['verdict'] : []),
    'kind',
    'endpoint',
    'path',
    'legacy',
    'candidate',
  ];
  const more = classesTotal - rows.length;
  const left = more > 0 ? `\n${count(more)} more: \`cutover differences\`\n` : '';
  const lost =
    legacyOnly.length === 0
      ? ''
      : `\nOf these, ${count(legacyOnly.length)} are something that only legacy does.\n`;
  const summary = `${count(classesTotal)} classes in ${count(compared)} compared pairs.\n\n`;
  return `${title}${summary}${table(heads, rows, ['count'])}${left}${lost}${workedExample(example)}`;
}

/** `noise (12.00% of legacy's own answers)`: how often legacy differs from itself, where it does. */
function verdict(judgement: Report['classes'][number]['judgement']): string {
  if (judgement === undefined || judgement.triples === 0) return '-';
  const own = judgement.noise?.estimate ?? 0;
  return own === 0 ? judgement.verdict : `${judgement.verdict} (legacy itself ${percent(own)})`;
}

function side(value: string | null): string {
  return value === null ? '(absent)' : code(value);
}

/** One class as it was seen, and how to see it again. */
function workedExample(detail: Report['example']): string {
  const found = detail?.class;
  const example = found?.example ?? null;
  if (found === undefined || example === null) return '';
  const { method, target, direction, difference, requestId, atMs } = example;
  const head = `\n### Example of the largest class\n\n${code(found.id)}: ${found.kind} at ${code(found.path)}, request ${code(requestId)} (${direction}) at ${time(atMs)}.\n`;
  const values = [
    `${method} ${target}`,
    `  legacy     ${difference.legacy ?? '(absent)'}`,
    `  candidate  ${difference.candidate ?? '(absent)'}`,
  ];
  const commands = detail?.reproduce ?? null;
  const again =
    commands === null
      ? ''
      : `\nAgain, with masked values filled in:\n\n${block([commands.legacy, commands.candidate], 'sh')}`;
  return `${head}\n${block(values)}${again}`;
}

/** What became of the copies, and why requests were not eligible. */
export function accountingSection({ pairs, ineligible, edge }: Report): string {
  const rows = ACCOUNTING.map(([depth, name, key]) => [
    `${'– '.repeat(depth)}${name}`,
    count(pairs.shadow.accounting[key]),
    count(pairs.reverse.accounting[key]),
  ]);
  const ignored = { shadow: pairs.shadow.ignoredPairs, reverse: pairs.reverse.ignoredPairs };
  const notes = [
    reasons('Compared, and alike but for what rules ignore', ignored),
    reasons('Shadow failed or timed out', pairs.shadow.failures),
    reasons('Reverse failed or timed out', pairs.reverse.failures),
    reasons('Not eligible', ineligible),
    reasons('Answered by no lane', edge),
  ].filter((note) => note !== '');
  const below = notes.length === 0 ? '' : `\n${notes.join('\n')}`;
  return `## Accounting of copies\n\n${table(['copies', 'shadow', 'reverse'], rows, ['shadow', 'reverse'])}${below}`;
}

function reasons(title: string, counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts)
    .filter(([, seen]) => seen > 0)
    .toSorted(([one, more], [other, less]) => less - more || (one < other ? -1 : 1))
    .map(([reason, seen]) => `${code(reason)} ${count(seen)}`);
  return parts.length === 0 ? '' : `${title}: ${parts.join(', ')}\n`;
}

/** The newest entries of the audit. */
export function historySection({ history: { intact, total, entries } }: Report): string {
  const chain = intact ? 'the chain of hashes is intact' : '**THE CHAIN OF HASHES IS BROKEN**';
  const heads = ['#', 'when', 'who', 'verb', 'change', 'epoch', 'why'];
  const foot = `\nThe newest ${entries.length} of ${total} entries; ${chain}.\n`;
  return `## History\n\n${table(heads, entries.map(entryRow), ['#', 'epoch'])}${foot}`;
}

function entryRow(entry: Report['history']['entries'][number]): string[] {
  const { sequence, atMs, who, verb, forced, epoch, reason } = entry;
  const how = forced ? `${verb} (forced)` : verb;
  const why = reason === '' ? '-' : code(reason);
  return [String(sequence), time(atMs), code(who), how, changeText(entry), String(epoch), why];
}

function changeText({ from, to, region }: Report['history']['entries'][number]): string {
  const target = positionName(to);
  const source = from === null ? target : positionName(from);
  const change = source === target ? `\`${target}\`` : `\`${source}\` → \`${target}\``;
  return region === null ? change : `${code(region)} alone, in ${change}`;
}
