import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EXTENTS } from './extent.ts';
import type { Extent } from './extent.ts';
import { OVERLOAD, SUBJECT_NAMES, TOGGLES, WORKS, findWork } from './works.ts';
import type { SubjectName, ToggleWork, Work } from './works.ts';

const NAMES = [...[...WORKS, ...TOGGLES].map((work) => work.name), OVERLOAD];

export const USAGE = `npm run bench -- [--quick] [--work NAME]... [--subject NAME]... [--assert] [--profile WORK]

  --quick            few works and subjects, three fresh processes, one window each; at most 3 minutes
  --work             only this work: ${NAMES.join(', ')}
  --subject          only this subject, and what it is compared with: ${SUBJECT_NAMES.join(', ')}
  --assert           exit 1 when a target is missed, not only when the run is void
  --profile WORK     no figures: a CPU profile of the worker under this work, and a table of the top costs
  --rounds           fresh processes of every subject (5, quick 3)
  --windows          windows of each process (2, quick 1)
  --seconds          length of a window (4, quick 2)
  --turns            turns of the states of ${TOGGLES.map((work) => work.name).join(' and ')} (20)
  --max-disturbance  cores others may take before a window is dropped (0.3)
  --out              report file (reports/bench.json); profiles go into its folder
`;

/** What the command line asked for. */
export interface Options {
  readonly help: boolean;
  readonly assert: boolean;
  readonly works: readonly Work[];
  readonly toggles: readonly ToggleWork[];
  readonly overloads: boolean;
  readonly profile: Work | ToggleWork | null;
  readonly extent: Extent;
  readonly out: string;
}

/** A command line that makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const QUICK_WORKS = ['plain-1k', 'shadow-10', 'shadow-10-hung', 'rate-3000'];
const QUICK_SUBJECTS: readonly SubjectName[] = [
  'nginx',
  'cutover',
  'node:http',
  'cutover-2-workers',
  'cutover-4-workers',
];
const OUT = fileURLToPath(new URL('../reports/bench.json', import.meta.url));

const FLAGS = {
  quick: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  assert: { type: 'boolean', default: false },
  work: { type: 'string', multiple: true },
  subject: { type: 'string', multiple: true },
  profile: { type: 'string' },
  rounds: { type: 'string' },
  windows: { type: 'string' },
  seconds: { type: 'string' },
  turns: { type: 'string' },
  'max-disturbance': { type: 'string' },
  out: { type: 'string', default: OUT },
} as const;

type Values = ReturnType<typeof parse>['values'];

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Reads the command line. @throws {@link UsageError} */
export function readOptions(args: readonly string[]): Options {
  const { values } = parse(args);
  const names = values.work ?? (values.quick ? QUICK_WORKS : NAMES);
  const subjects = values.subject ?? (values.quick ? QUICK_SUBJECTS : SUBJECT_NAMES);
  for (const name of subjects)
    if (!SUBJECT_NAMES.some((known) => known === name)) throw new UsageError(`no subject is named ${name}`);
  const toggles = TOGGLES.filter(({ name }) => names.includes(name));
  const others = names.filter((name) => name !== OVERLOAD && !toggles.some((work) => work.name === name));
  const works = others.map(known);
  return {
    help: values.help,
    assert: values.assert,
    works: works.map((work) => only(work, subjects)).filter((work) => work.subjects.length > 0),
    toggles,
    overloads: names.includes(OVERLOAD),
    profile: values.profile === undefined ? null : profiledWork(values.profile),
    extent: extentOf(values),
    out: values.out,
  };
}

function profiledWork(name: string): Work | ToggleWork {
  return TOGGLES.find((work) => work.name === name) ?? known(name);
}

function known(name: string): Work {
  const work = findWork(name);
  if (work === null) throw new UsageError(`no work is named ${name}`);
  return work;
}

/** The baseline stays as long as somebody is compared with it. */
function only(work: Work, names: readonly string[]): Work {
  const asked = work.subjects.filter((name) => names.includes(name));
  if (asked.length === 0) return { ...work, subjects: [] };
  return {
    ...work,
    subjects: work.subjects.filter((name) => name === work.baseline || asked.includes(name)),
  };
}

function extentOf(values: Values): Extent {
  const usual = EXTENTS[values.quick ? 'quick' : 'full'];
  return {
    ...usual,
    rounds: number('rounds', values.rounds, usual.rounds),
    windows: number('windows', values.windows, usual.windows),
    windowSeconds: number('seconds', values.seconds, usual.windowSeconds),
    warmSeconds: Math.min(usual.warmSeconds, number('seconds', values.seconds, usual.warmSeconds)),
    toggleTurns: number('turns', values.turns, usual.toggleTurns),
    maxDisturbance: number('max-disturbance', values['max-disturbance'], usual.maxDisturbance),
  };
}

function number(flag: string, text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new UsageError(`--${flag} needs a number above 0`);
  return value;
}
