import type { Differences } from '../../control/schema/differences.ts';
import { isSafeMethod } from '../../core/methods.ts';
import * as format from '../format.ts';
import type { Paint } from '../paint.ts';
import { table } from '../table.ts';
import { lostText } from './copies.ts';

type Class = Differences['classes'][number];

/** The classes as a table, largest first, and the rules that were learned. */
export function differencesText(differences: Differences, paint: Paint): string {
  const { classes, compared, total, matching } = differences;
  const pairs = format.counted(compared, 'compared pair');
  if (total === 0) return `no differences in ${pairs}\n`;
  const columns = [
    { title: 'ID' },
    { title: 'COUNT', right: true },
    { title: 'SHARE', right: true },
    { title: 'VERDICT' },
    { title: 'KIND' },
    { title: 'ENDPOINT' },
    { title: 'PATH' },
    { title: 'LEGACY -> CANDIDATE' },
    { title: 'LAST SEEN' },
  ];
  const rows = classes.map((each) => [
    each.id,
    format.count(each.count),
    format.percent(each.judgement?.share?.estimate ?? null),
    verdictWord(each),
    each.kind,
    format.safe(each.endpoint),
    format.safe(each.path),
    each.example === null ? '-' : values(each.example.difference, 40),
    format.time(each.lastSeenMs),
  ]);
  if (matching !== undefined) return chosenText(differences, table(columns, rows, paint.faint));
  const shown = classes.length < total ? `the largest ${classes.length} of ` : '';
  const foot = `${shown}${format.counted(total, 'class')} in ${pairs}; look at one: cutover differences show ID\n`;
  return (
    table(columns, rows, paint.faint) +
    foot +
    lostText(differences.lost) +
    proposals(differences) +
    rulesText(differences)
  );
}

/** What was asked for, and nothing about all the others. */
function chosenText({ classes, total, matching = 0, lost }: Differences, shown: string): string {
  const some = `${format.count(classes.length)} of ${format.count(matching)} that match, of ${format.counted(total, 'class')}\n`;
  return (classes.length === 0 ? '' : shown) + some + lostText(lost);
}

/** Without triples nothing can be told apart, and a word would be a claim. */
function verdictWord({ judgement, absent }: Class): string {
  if (judgement !== undefined) return judgement.triples === 0 ? '-' : judgement.verdict;
  return absent === undefined ? '-' : ABSENT_WORDS[absent];
}

/** Classes of earlier epochs stand beside those of this one: they are marked. */
const ABSENT_WORDS = {
  not_seen: 'not in this epoch',
  hidden: 'hidden by a rule',
  many_places: 'many places',
  unjudged: '-',
} as const;

const ABSENT_SENTENCES = {
  not_seen: 'not seen in this epoch',
  hidden: 'not seen in this epoch: a rule hides it now',
  many_places:
    'none: it stands for many places at this endpoint, more than are told apart, which is no one question',
  unjudged: 'none: too many other classes are judged in this epoch',
} as const;

/** Why a class has no verdict. */
export function absentSentence({ absent = 'not_seen' }: Pick<Class, 'absent'>): string {
  return ABSENT_SENTENCES[absent];
}

/** At the most so many proposals: each is a decision for a person. */
const PROPOSALS_SHOWN = 10;

function proposals({ proposals: all = [] }: Differences): string {
  if (all.length === 0) return '';
  const lines = all.slice(0, PROPOSALS_SHOWN).map(({ class: id, rule }) => `  ${id}  ${format.safe(rule)}\n`);
  const more = all.length - lines.length;
  const left = more > 0 ? `  and ${format.count(more)} more: cutover differences --json\n` : '';
  return `
Legacy itself shows ${format.counted(all.length, 'class')} as often. Rules that would ignore them, for you to accept:
${lines.join('')}${left}  cutover differences ignore ID --reason TEXT --owner NAME --expires 90d
`;
}

/** What rules hid: never counted as agreed. A rule that hid nothing in this epoch is named. */
function rulesText({ rules = [], ignored = 0 }: Differences): string {
  if (rules.length === 0) return '';
  const lines = rules.map(({ id, path, does, pairs, owner, reason, expiresMs }) => {
    const until = expiresMs === null ? '' : `, until ${format.time(expiresMs - 1).slice(0, 10)}`;
    const hid =
      pairs === 0
        ? 'hid nothing in this epoch: is it still needed?'
        : `hid a difference in ${format.counted(pairs, 'pair')}`;
    const by = owner === null ? '' : ` (${format.safe(owner)})`;
    return `  ${id}  ${does} ${format.safe(path)}: ${hid}; ${format.safe(reason)}${by}${until}\n`;
  });
  return `
${format.counted(rules.length, 'rule')} in force; in ${format.counted(ignored, 'pair')} nothing differs but what they hide, which is no agreement
${lines.join('')}`;
}

/** What differs, as a sentence would have it: `json_type at /total`, `status 200 -> 500`. */
export function mismatch({ kind, path }: Pick<Class, 'kind' | 'path'>): string {
  const status = /^status(?:\/(\w+)-(\w+))?$/.exec(path);
  if (status !== null) {
    const change = status[1] === undefined ? 'status' : `status ${status[1]} -> ${status[2]}`;
    return kind === 'status' ? change : `${kind}: ${change}`;
  }
  if (path === 'body') return `${kind}: the body as a whole`;
  if (path === 'body/encoded') return `${kind}: the bodies as they were received`;
  if (path === '') return `${kind} at the whole document`;
  return path.startsWith('/') ? `${kind} at ${format.safe(path)}` : `${kind}: ${format.safe(path)}`;
}

function values(
  { legacy, candidate }: { legacy: string | null; candidate: string | null },
  chars: number,
): string {
  const cut = (text: string): string => (text.length > chars ? `${text.slice(0, chars - 1)}…` : text);
  return `${cut(shown(legacy))} -> ${cut(shown(candidate))}`;
}

/** One value of a side. */
export function shown(value: string | null): string {
  return value === null ? '(absent)' : format.safe(value);
}

/** The verdict of a class in one line. */
export function verdictLine(found: Pick<Class, 'judgement' | 'absent' | 'endpoint'>): string {
  const { judgement } = found;
  if (judgement === undefined) return absentSentence(found);
  const { verdict, reason, pattern, triples, candidate, noise } = judgement;
  if (reason === 'NO_TRIPLES') return `undecided: ${noTriples(found)}`;
  const shares = `the candidate differs in ${format.percent(candidate?.estimate ?? null)} of ${format.counted(triples, 'triple')}, legacy from itself in ${format.percent(noise?.estimate ?? null)}`;
  const strange = pattern === null ? '' : ` (${format.safe(pattern)})`;
  return `${verdict}${reason === 'PATTERN' ? `: its values go another way than noise does${strange}` : ''}: ${shares}`;
}

/** Why legacy was never compared with itself there: a write would be done twice. */
export function noTriples({ endpoint }: Pick<Class, 'endpoint'>): string {
  const [method = ''] = endpoint.split(' ');
  return endpoint.includes(' ') && !isSafeMethod(method)
    ? 'legacy is not compared with itself, as writes are not asked twice'
    : 'legacy is not compared with itself (rollout.shadow.noise)';
}
