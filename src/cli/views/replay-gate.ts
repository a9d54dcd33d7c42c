import type { ReplayGate } from '../../report/replay-gate-schema.ts';
import { count, percent, safe } from '../format.ts';
import type { Paint } from '../paint.ts';
import { aligned } from '../table.ts';

/** New classes on the screen; all are in the JSON. */
const CLASSES_SHOWN = 20;

/** The verdict on the report of a replay, with everything it is made of. */
export function replayGateText(gate: ReplayGate, paint: Paint): string {
  const { verdict, reason, label, pairs, coverage, rules, newClasses } = gate;
  const color = { ready: paint.good, hold: paint.warn, abort: paint.bad }[verdict];
  const rows = rules.map(({ rule, hit, detail }) => [
    `  ${safe(rule)}`,
    hit ? { text: 'hit', paint: paint.bad } : 'not hit',
    detail,
  ]);
  const classes = newClasses
    .slice(0, CLASSES_SHOWN)
    .map(({ id, kind, endpoint, path, count: seen }) => [
      `  ${id}`,
      count(seen),
      kind,
      `${safe(endpoint)} ${safe(path)}`,
    ]);
  const more = newClasses.length - classes.length;
  return [
    `${color(verdict.toUpperCase())}  ${safe(reason)}\n`,
    `${safe(label)}\n${count(pairs)} judged pairs, pair coverage ${percent(coverage)}\n`,
    rows.length === 0 ? '' : `\n${aligned(rows)}`,
    classes.length === 0 ? '' : `\nnew classes\n${aligned(classes)}`,
    more > 0 ? `  and ${count(more)} more: --json\n` : '',
  ].join('');
}
