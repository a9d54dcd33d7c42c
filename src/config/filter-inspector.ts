import { readFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../core/errors.ts';
import { FILTER_HOOKS, definitionOf } from '../core/filter-definition.ts';
import { importFromDisk } from '../core/filter-modules.ts';
import { optionsOf } from '../core/filter-options.ts';
import type { OptionsRefused } from '../core/filter-options.ts';
import type { FilterOptions } from '../core/filter-api.ts';
import type { FilterSource } from '../core/filter-config.ts';
import type { FilterInspection, FilterPlace } from './filter-inspection.ts';

// The entry of a process that loads one module of a user and says what it is.
const ANSWER_FD = 3;
const files: FilterSource[] = [];

async function inspected(path: string, options: FilterOptions): Promise<FilterInspection> {
  try {
    const found = definitionOf(await importFromDisk(path, (source) => files.push(source)));
    if (!found.ok) return { ...found, files, place: null, issues: [] };
    const { definition } = found;
    const read = optionsOf(definition, options);
    if (!read.ok) return refusing(read);
    return { ok: true, files, hooks: FILTER_HOOKS.filter((hook) => definition[hook] !== undefined) };
  } catch (thrown) {
    const hint = 'correct it, then: cutover check';
    return { ok: false, files, message: firstLine(thrown), hint, place: placeOf(thrown), issues: [] };
  }
}

/** Where its code is at fault, or so it seems, that is told too. */
function refusing({ issues, thrown }: OptionsRefused): FilterInspection {
  const place = issues.some((issue) => issue.path.length > 0) ? null : placeOf(thrown);
  return { ok: false, files, message: 'its parse refuses the options', hint: null, place, issues };
}

function firstLine(thrown: unknown): string {
  const message = messageOf(thrown).split('\n')[0] ?? '';
  const text = message.replaceAll(/file:\/\/\S*\//g, '').replaceAll(/\?cutover-filter=\w+/g, '');
  return `it does not load: ${text.slice(0, 300)}`;
}

/** A place in a file of the module: `file:///…/geo.ts?cutover-filter=disk:12:5` of V8, `/…/geo.ts:12` of a parser. */
const PLACES = [
  /(file:\/\/[^\s()?]+)\?cutover-filter=\w+:(\d+)(?::(\d+))?/,
  /^(\/[^\n]+):(\d+)(?::(\d+))?\n/,
];

function placeOf(thrown: unknown): FilterPlace | null {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  const match = PLACES.map((pattern) => pattern.exec(stack)).find((found) => found !== null);
  if (match === undefined || match === null) return null;
  const [, name = '', line, column = '1'] = match;
  const file = name.startsWith('file:') ? fileURLToPath(name) : name;
  return { file, line: Number(line), column: Number(column) };
}

const answer = JSON.stringify(
  await inspected(process.argv[2] ?? '', JSON.parse(readFileSync(0, 'utf8')) as FilterOptions),
);
for (let rest = Buffer.from(answer); rest.length > 0;) rest = rest.subarray(writeSync(ANSWER_FD, rest));
// Timers and sockets that the module has opened do not hold this process.
process.exit(0);
