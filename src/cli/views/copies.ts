import type { Status } from '../../control/schema/status.ts';
import { ACCOUNTING } from '../../report/accounting.ts';
import { PAIR_METRICS } from '../../telemetry/types.ts';
import * as format from '../format.ts';
import type { Paint } from '../paint.ts';
import { table } from '../table.ts';

/** What became of the copies, per direction, and why requests were not eligible. */
export function copiesTree(status: Status, paint: Paint): string {
  const { shadow, reverse } = status.pairs;
  const rows = ACCOUNTING.flatMap(([depth, name, key]) => [
    row(depth, name, [shadow.accounting[key], reverse.accounting[key]]),
    ...(key === 'notSampled' ? rateCapped(status.pairs) : []),
    ...(key === 'compared' ? ignored(status.pairs) : []),
  ]);
  const columns = [{ title: 'COPIES' }, { title: 'SHADOW', right: true }, { title: 'REVERSE', right: true }];
  const extra = [
    ...DIRECTIONS.flatMap((direction) => failures(direction, status.pairs[direction])),
    ...DIRECTIONS.flatMap((direction) => excluded(direction, status.pairs[direction])),
    ...DIRECTIONS.flatMap((direction) => noiseLegs(direction, status.pairs[direction])),
    reasons('Not eligible', status.ineligible),
    reasons('Answered by no lane', status.edge),
  ].join('');
  return table(columns, rows, paint.faint) + extra;
}

const DIRECTIONS = ['shadow', 'reverse'] as const;
type Direction = (typeof DIRECTIONS)[number];
type Pairs = Status['pairs'];

function row(depth: number, name: string, counts: readonly number[]): string[] {
  return [`${'  '.repeat(depth)}${name}`, ...counts.map(format.count)];
}

/** Part of the line above, and no line of the sums: shown when there is something to tell. */
function rateCapped({ shadow, reverse }: Pairs): string[][] {
  const counts = [shadow.rateCapped, reverse.rateCapped];
  return counts.some((value) => value > 0) ? [row(2, '(of these over the rate cap)', counts)] : [];
}

/** What rules hid is no agreement, and nobody may overlook it. */
function ignored({ shadow, reverse }: Pairs): string[][] {
  const counts = [shadow.ignoredPairs, reverse.ignoredPairs];
  if (counts.every((value) => value === 0)) return [];
  return [row(3, '(of these alike but for what rules ignore)', counts)];
}

function failures(direction: Direction, { accounting, failures: codes }: Pairs[Direction]): string[] {
  const failed = accounting.shadowFailed + accounting.timedOut;
  return [reasons(`${capital(direction)} failed or timed out ${format.count(failed)}`, codes)];
}

function excluded(direction: Direction, { excluded: pairs }: Pairs[Direction]): string[] {
  if (pairs === 0) return [];
  return [`Evidence excludes ${format.counted(pairs, `first ${direction} pair`)} (warm-up)\n`];
}

/** chosen = dropped + sent; sent = the rest. */
function noiseLegs(direction: Direction, { noise }: Pairs[Direction]): string[] {
  if (noise === undefined) return [];
  const { chosen, triples, dropped, sent: _, ...ends } = noise;
  const parts = { dropped, ...ends };
  const shown = Object.entries(parts)
    .filter(([name, value]) => value > 0 || name === 'compared')
    .map(([name, value]) => `${name} ${format.count(value)}`);
  const only = `${format.count(triples.plus)} only the candidate differs, ${format.count(triples.minus)} only legacy from itself`;
  return [
    `Noise legs of ${direction}: chosen ${format.count(chosen)}: ${shown.join(', ')}; in ${format.counted(triples.n, 'triple')} ${only}\n`,
  ];
}

function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}

/** `Not eligible: method 12`: a title with what is counted under it, largest first; '' when nothing is. */
export function reasons(title: string, counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts)
    .filter(([, value]) => value > 0)
    .toSorted(([, one], [, other]) => other - one)
    .map(([reason, value]) => `${reason} ${format.count(value)}`);
  return parts.length === 0 ? '' : `${title}: ${parts.join(', ')}\n`;
}

/** What the list of classes lacks: never a silent loss. */
export function lostText(lost: Status['lostClasses']): string {
  const { gaveWay = 0, unjudged = 0 } = lost ?? {};
  const gone =
    gaveWay === 0
      ? ''
      : `The store is full of classes: ${format.counted(gaveWay, 'class')} of this epoch made room for newer ones and is missing here.\n`;
  const open =
    unjudged === 0 ? '' : 'There are too many classes to judge them all: later ones have no verdict.\n';
  return gone + open;
}

/** Joint outcomes of pairs, per metric and direction that has any, and the number of difference classes. */
export function jointTable(status: Status, paint: Paint): string {
  const seen = DIRECTIONS.filter((each) => status.pairs[each].accounting.sent > 0);
  const rows = seen.flatMap((direction) =>
    PAIR_METRICS.map((metric) => {
      const { n, plus, minus } = status.pairs[direction].joint[metric];
      return [direction, metric, format.count(n), format.count(plus), onlyLegacy(metric, minus)];
    }),
  );
  const columns = [
    { title: 'PAIRS' },
    { title: 'METRIC' },
    { title: 'N', right: true },
    { title: 'ONLY CANDIDATE BAD', right: true },
    { title: 'ONLY LEGACY BAD', right: true },
  ];
  const hint = status.classes === 0 ? '' : '   (cutover differences)';
  const pairs = rows.length === 0 ? 'PAIRS  none yet\n' : table(columns, rows, paint.faint);
  return `${pairs}Classes of differences: ${format.count(status.classes)}${hint}\n${lostText(status.lostClasses)}`;
}

/** Whether legacy differs from itself is measured by an A/A lane; a zero without one would be a claim. */
function onlyLegacy(metric: (typeof PAIR_METRICS)[number], minus: number): string {
  return metric === 'difference' && minus === 0 ? '-' : format.count(minus);
}

/** Rules about differences, and in how many pairs each hid one; '' without rules. */
export function rulesTable({ rules }: Status, paint: Paint): string {
  if (rules.length === 0) return '';
  const columns = [
    { title: 'RULE' },
    { title: 'DOES' },
    { title: 'PAIRS', right: true },
    { title: 'ENDPOINTS' },
    { title: 'REASON' },
  ];
  const rows = rules.map(({ path, does, pairs, endpoints, reason, owner }) => [
    format.safe(path),
    format.safe(does),
    format.count(pairs),
    format.safe(endpoints.join(', ') || 'all'),
    format.safe(owner === null ? reason : `${reason} (${owner})`),
  ]);
  return `\n${table(columns, rows, paint.faint)}`;
}
