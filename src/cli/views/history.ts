import type { History } from '../../control/schema/history.ts';
import * as format from '../format.ts';
import { changesText } from './configuration.ts';
import type { Paint } from '../paint.ts';
import { positionName } from '../../rollout/position.ts';
import { table } from '../table.ts';

/** Changed keys of one entry in the list. */
const SHOWN = 5;

type Entry = History['entries'][number];

/** The audit as a table, newest last, and whether its chain of hashes holds. */
export function historyText(history: History, paint: Paint): string {
  const columns = [
    { title: '#', right: true },
    { title: 'WHEN' },
    { title: 'WHO' },
    { title: 'VERB' },
    { title: 'CHANGE' },
    { title: 'EPOCH', right: true },
    { title: 'HASH' },
    { title: 'WHY' },
  ];
  const shown = history.entries.length;
  const tail =
    shown < history.total ? `the newest ${shown} of ${history.total} entries (--limit)` : `entries: ${shown}`;
  const chain = history.intact
    ? paint.good('the chain of hashes is intact')
    : paint.bad('THE CHAIN OF HASHES IS BROKEN: entries were changed or removed');
  const changed = history.configurations.map((one) => changesText(one, SHOWN)).join('');
  const configurations = changed === '' ? '' : `\nConfiguration:\n${changed}\n`;
  return `${table(columns, history.entries.map(row), paint.faint)}${configurations}${tail}; ${chain}\n`;
}

function row(entry: Entry): string[] {
  return [
    String(entry.sequence),
    format.time(entry.atMs),
    format.safe(entry.who),
    entry.forced ? `${entry.verb} (forced)` : entry.verb,
    change(entry),
    String(entry.epoch),
    entry.hash.slice(0, 8),
    entry.reason === '' ? '-' : format.safe(entry.reason),
  ];
}

function change({ from, to, region }: Entry): string {
  const target = positionName(to);
  if (region !== null) return `${target}: ${format.safe(region)} alone`;
  const source = from === null ? null : positionName(from);
  return source === null || source === target ? target : `${source} -> ${target}`;
}
