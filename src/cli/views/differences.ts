import type { DifferenceDetail, Differences } from '../../control/schema/differences.ts';
import * as format from '../format.ts';
import type { Paint } from '../paint.ts';
import { table } from '../table.ts';

/** The classes as a table, largest first. */
export function differencesText(differences: Differences, paint: Paint): string {
  const { classes, compared, total } = differences;
  const pairs = format.counted(compared, 'compared pair');
  if (total === 0) return `no differences in ${pairs}\n`;
  const columns = [
    { title: 'ID' },
    { title: 'COUNT', right: true },
    { title: 'KIND' },
    { title: 'ENDPOINT' },
    { title: 'PATH' },
    { title: 'LEGACY -> CANDIDATE' },
    { title: 'LAST SEEN' },
  ];
  const rows = classes.map((each) => [
    each.id,
    format.count(each.count),
    each.kind,
    format.safe(each.endpoint),
    format.safe(each.path),
    each.example === null ? '-' : values(each.example.difference, 40),
    format.time(each.lastSeenMs),
  ]);
  const shown = classes.length < total ? `the largest ${classes.length} of ` : '';
  const foot = `${shown}${format.counted(total, 'class')} in ${pairs}; look at one: cutover differences show ID\n`;
  return table(columns, rows, paint.faint) + foot;
}

/** One class with its example and how to see it again. */
export function differenceText(detail: DifferenceDetail, paint: Paint): string {
  const { class: found, reproduce } = detail;
  const example = found.example;
  const lines: [string, string][] = [
    ['Class', `${paint.strong(found.id)}   ${mismatch(found)}`],
    ['Endpoint', `${format.safe(found.endpoint)}   route ${found.route}`],
    ['Seen', seen(found)],
  ];
  if (example !== null) {
    lines.push(
      ['Example', `request ${example.requestId} (${example.direction}) at ${format.time(example.atMs)}`],
      ['Request', format.safe(`${example.method} ${example.target}`)],
      ['legacy', shown(example.difference.legacy)],
      ['candidate', shown(example.difference.candidate)],
    );
  }
  const head = lines.map(([name, text]) => `${name.padEnd(11)}${text}\n`).join('');
  if (reproduce === null) return head;
  return `${head}\nReproduce (masked values must be filled in):\n  ${format.safe(reproduce.legacy)}\n  ${format.safe(reproduce.candidate)}\n`;
}

/** What differs, as a sentence would have it: `json_type at /total`, `status 200 -> 500`. */
function mismatch({ kind, path }: DifferenceDetail['class']): string {
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

function seen(found: DifferenceDetail['class']): string {
  return `${format.counted(found.count, 'time')}, first ${format.time(found.firstSeenMs)}, last ${format.time(found.lastSeenMs)}`;
}

function values(
  { legacy, candidate }: { legacy: string | null; candidate: string | null },
  chars: number,
): string {
  const cut = (text: string): string => (text.length > chars ? `${text.slice(0, chars - 1)}…` : text);
  return `${cut(shown(legacy))} -> ${cut(shown(candidate))}`;
}

function shown(value: string | null): string {
  return value === null ? '(absent)' : format.safe(value);
}
