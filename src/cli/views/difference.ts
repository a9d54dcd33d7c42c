import type { DifferenceDetail, Example, Judgement } from '../../control/schema/differences.ts';
import { isSafeMethod } from '../../core/methods.ts';
import * as format from '../format.ts';
import type { Paint } from '../paint.ts';
import { sideBySide } from '../side-by-side.ts';
import type { Side } from '../side-by-side.ts';
import { absentSentence, mismatch, noTriples, shown, verdictLine } from './differences.ts';

/** One class with its examples side by side, and how to see it again. @param columns characters of a line */
export function differenceText(detail: DifferenceDetail, paint: Paint, columns: number): string {
  const { class: found } = detail;
  const lines: [string, string][] = [
    ['Class', `${paint.strong(found.id)}   ${mismatch(found)}`],
    ['Verdict', verdictLine(found)],
    ['Endpoint', `${format.safe(found.endpoint)}   route ${found.route}`],
    ['Seen', seen(found)],
    ...(found.judgement === undefined ? [] : measured(found.judgement)),
  ];
  const head = lines.map(([name, text]) => `${name.padEnd(11)}${text}\n`).join('');
  const examples = examplesOf(detail).map(([name, example]) => exampleText(name, example, columns));
  return [head, ...examples, reproduceText(detail)].filter((part) => part !== '').join('\n');
}

function seen(found: DifferenceDetail['class']): string {
  return `${format.counted(found.count, 'time')}, first ${format.time(found.firstSeenMs)}, last ${format.time(found.lastSeenMs)}`;
}

function measured({ pairs, ofPairs, share, latency, epoch }: Judgement): [string, string][] {
  const between = share === null ? '' : ` (${format.percent(share.low)} to ${format.percent(share.high)})`;
  const p = ({ p50Ms, p99Ms }: Judgement['latency']['legacy']): string =>
    `p50 ${format.milliseconds(p50Ms)} p99 ${format.milliseconds(p99Ms)}`;
  return [
    [
      'Share',
      `${format.percent(share?.estimate ?? null)}${between}: ${format.count(pairs)} of ${format.counted(ofPairs, 'pair')} in epoch ${epoch}`,
    ],
    [
      'Latency',
      `legacy ${p(latency.legacy)}; candidate ${p(latency.candidate)}; of the pairs that showed it`,
    ],
  ];
}

/** Each example once: the first is often the smallest, too. */
function examplesOf({ class: { example }, smallest, latest }: DifferenceDetail): [string, Example][] {
  const all = [
    ['first', example],
    ['smallest', smallest ?? null],
    ['latest', latest ?? null],
  ] as const;
  const found = new Map<string, [string, Example]>();
  for (const [name, each] of all) {
    if (each === null) continue;
    const known = found.get(each.requestId);
    found.set(each.requestId, [known === undefined ? name : `${known[0]}, ${name}`, each]);
  }
  return [...found.values()];
}

function exampleText(name: string, example: Example, columns: number): string {
  const { requestId, direction, atMs, method, target } = example;
  const head = `Example    ${name}: request ${format.safe(requestId)} (${direction}) at ${format.time(atMs)}\nRequest    ${format.safe(`${method} ${target}`)}\n`;
  return head + sideBySide(['', 'LEGACY', 'CANDIDATE'], rowsOf(example), columns);
}

function rowsOf({ difference, others = [], legacy, candidate }: Example): Side[] {
  const answers: Side[] =
    legacy === undefined || candidate === undefined
      ? []
      : [
          ['status', answered(legacy.status), answered(candidate.status)],
          ['body', `${format.count(legacy.bodyBytes)} bytes`, `${format.count(candidate.bodyBytes)} bytes`],
          ['time', took(legacy.totalUs), took(candidate.totalUs)],
        ];
  const sides = [difference, ...others].map((each, at): Side => [
    `${at === 0 ? '> ' : ''}${place(each.path)}`,
    shown(each.legacy),
    shown(each.candidate),
  ]);
  return [...sides, ...answers];
}

function place(path: string): string {
  return path === '' ? '(whole document)' : format.safe(path);
}

function answered(status: number): string {
  return status === 0 ? 'no answer' : String(status);
}

function took(us: number): string {
  return format.milliseconds(us < 0 ? null : us / 1_000);
}

function reproduceText({ class: { id, example }, reproduce, proposal }: DifferenceDetail): string {
  const accept =
    proposal === undefined || proposal === null
      ? ''
      : `Legacy itself shows it as often. To ignore it: cutover differences ignore ${id} --reason TEXT --owner NAME\n`;
  if (reproduce === null) return accept;
  const { legacy, candidate, missing = [] } = reproduce;
  const asksAgain = example !== null && isSafeMethod(example.method);
  const why = asksAgain ? 'masked' : 'masked or not kept';
  const lacks =
    missing.length === 0 ? '' : ` (${why}, so it is not in there: ${missing.map(format.safe).join(', ')})`;
  const how = `${accept}Reproduce${lacks}:\n  ${format.safe(legacy)}\n  ${format.safe(candidate)}\n`;
  if (asksAgain) return `${how}  or: cutover differences replay ${id}\n`;
  return `${how}  It is a write: give a body of your own, --data TEXT, and know what it changes. It is not asked again by itself.\n`;
}

/** Why a class has its verdict, with every number that went into it. */
export function explainText({ class: found, proposal }: DifferenceDetail): string {
  const { judgement, id } = found;
  const head = `${id}   ${mismatch(found)}\n${format.safe(found.endpoint)}\n\n`;
  if (judgement === undefined) return `${head}No verdict: ${absentSentence(found)}\n`;
  const lines = [verdictSentence(judgement, found), ...countLines(judgement)];
  const rule = proposal === undefined || proposal === null ? [] : [`Proposed rule: ${format.safe(proposal)}`];
  return `${head}${[...lines, ...rule].map((line) => `${line}\n`).join('')}`;
}

function verdictSentence({ verdict, reason, pattern }: Judgement, found: DifferenceDetail['class']): string {
  switch (reason) {
    case 'EXCESS':
      return `${verdict}: the candidate shows it more often than legacy itself does, and chance does not explain that.`;
    case 'PATTERN':
      return `${verdict}: legacy shows it too, but the candidate's values go another way: "${format.safe(pattern ?? '')}".`;
    case 'NOISE':
      return `${verdict}: legacy shows it when it is asked twice, and the candidate at the most half as often again.`;
    case 'TOO_FEW':
      return `${verdict}: there are too few triples to tell it from noise. Until then it counts against the candidate.`;
    case 'NO_TRIPLES':
      return `${verdict}: ${noTriples(found)}. Take it for what it is.`;
  }
}

function countLines(judgement: Judgement): string[] {
  const { triples, plus, minus, both, candidate, noise, excess } = judgement;
  const bounds = (share: Judgement['excess']): string =>
    share === null
      ? '-'
      : `${format.percent(share.estimate)} (${format.percent(share.low)} to ${format.percent(share.high)})`;
  return [
    `Of ${format.counted(triples, 'triple')} of this endpoint (a request answered by legacy, the candidate and legacy again):`,
    `  only the candidate differed      ${format.count(plus)}`,
    `  only legacy's second answer did  ${format.count(minus)}`,
    `  both did                         ${format.count(both)}`,
    `The candidate differs in           ${bounds(candidate)}`,
    `Legacy differs from itself in      ${bounds(noise)}`,
    `Excess of the candidate            ${bounds(excess)}`,
    'The bounds hold however often they are looked at; the class has its part of a 5% chance of error for all classes.',
  ];
}
