import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { monotonicMs, wallMs } from '../src/core/clock.ts';
import { killAllChildren } from '../test/kit/process.ts';
import { estimatedSeconds } from './extent.ts';
import { rowsOf, rowsWithout } from './figures.ts';
import { loadTool } from './load.ts';
import { USAGE, UsageError, readOptions } from './options.ts';
import type { Options } from './options.ts';
import { measureOverload } from './overload.ts';
import { overloadWithout } from './overload-figures.ts';
import { profileToggle } from './profile-toggle.ts';
import { profileWork } from './profile.ts';
import { writeReport } from './report.ts';
import type { Outcome } from './report.ts';
import { measureAll, nothingSeen } from './run.ts';
import type { Measured, Run } from './run.ts';
import { openStage } from './stage.ts';
import type { Stage } from './stage.ts';
import { SUBJECTS } from './subjects/all.ts';
import { CannotMeasure } from './subjects/subject.ts';
import { overloadTable, table, targetTable, toggleTable } from './table.ts';
import { targetResults, toggleTargets } from './targets.ts';
import { measureToggle } from './toggle.ts';
import { toggleWithout } from './toggle-figures.ts';
import type { ToggleResult } from './toggle-figures.ts';
import { verdictOf } from './verdict.ts';
import { OVERLOAD } from './works.ts';

const MS_PER_SECOND = 1_000;
const SECONDS_PER_MINUTE = 60;
const NO_SERVER = 'nginx is not on PATH, and it is the server behind every subject: apt-get install nginx';

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function measured(options: Options, stage: Stage): Promise<{ outcome: Outcome; seen: Measured }> {
  const cores = availableParallelism();
  const { works, extent, toggles, overloads } = options;
  const possible = works.filter((work) => work.cores <= cores);
  const minutes = estimatedSeconds(possible, toggles, extent, overloads) / SECONDS_PER_MINUTE;
  progress(`this will take about ${Math.ceil(minutes)} minutes`);
  const deadlineMs = monotonicMs() + extent.budgetSeconds * MS_PER_SECOND;
  const run: Run = { stage, extent, deadlineMs, progress };
  const seen = await measureAll(possible, run);
  const switched: ToggleResult[] = [];
  for (const work of toggles) switched.push(...(await measureToggle(work, run, seen.failures)));
  const flooded = overloads ? await measureOverload(run, seen.failures) : [];
  const rows = works.flatMap((work) => rowsOf(work, seen, cores));
  const targets = [...targetResults(rows), ...toggleTargets(switched)];
  return { outcome: { rows, toggles: switched, overloads: flooded, targets, failures: seen.failures }, seen };
}

/** Without a server there is nothing to proxy: every row says so. */
function unmeasured({ works, toggles, overloads }: Options): Outcome {
  const rows = works.flatMap((work) => rowsWithout(work, NO_SERVER));
  const switched = toggles.map((work) => toggleWithout(work, 'cutover', NO_SERVER));
  const flooded = overloads ? overloadWithout(NO_SERVER) : [];
  return { rows, toggles: switched, overloads: flooded, targets: targetResults(rows), failures: [] };
}

function show({ rows, toggles, overloads, targets }: Outcome): void {
  if (rows.length > 0) say(`\n${table(rows)}`);
  if (toggles.length > 0) say(`\n${toggleTable(toggles)}`);
  if (overloads.length > 0) say(`\n${overloadTable(OVERLOAD, overloads)}`);
  if (targets.length > 0) say(`\n${targetTable(targets)}`);
  say('');
}

function details(options: Options, { samples, absences, failures }: Measured): object {
  const names = [...new Set(options.works.flatMap((work) => work.subjects))];
  return {
    atMs: wallMs(),
    extent: options.extent,
    versions: Object.fromEntries(names.map((name) => [name, SUBJECTS[name].version()])),
    loadTool: loadTool({ kind: 'closed', connections: 1 }, options.extent.windowSeconds),
    absences,
    failures,
    samples,
  };
}

/** Whether a work needs to know who its clients are. */
function asksClients({ works, toggles, profile }: Options): boolean {
  const all = [...works, ...toggles, ...(profile === null ? [] : [profile])];
  return all.some((work) => ('asks' in work && work.asks !== undefined) || work.tokens !== undefined);
}

async function bench(options: Options): Promise<number> {
  const stage = await openStage(asksClients(options));
  let outcome = unmeasured(options);
  let seen = nothingSeen();
  if (stage !== null) {
    try {
      const { profile: work, extent, out } = options;
      const plan = { extent, folder: dirname(out) };
      if (work !== null && 'states' in work) return await profileToggle({ work, ...plan }, stage, say);
      if (work !== null) return await profileWork({ work, ...plan }, stage, say);
      ({ outcome, seen } = await measured(options, stage));
    } finally {
      await stage.stop();
    }
  }
  show(outcome);
  const [file, windowsFile] = writeReport(options.out, outcome, details(options, seen));
  say(`written to ${file}, every window to ${windowsFile}`);
  const { lines, exitCode } = verdictOf(outcome, options.assert);
  for (const line of lines) say(line);
  if (stage === null) say(`void: ${NO_SERVER}`);
  return stage === null ? 1 : exitCode;
}

/** Exit codes: 0, 1 for a void run or a missed target under `--assert`, 2 for a command line, 130 after Ctrl-C. */
async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (!options.help) return await bench(options);
    process.stdout.write(USAGE);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      progress(`${error.message}\n\n${USAGE}`);
      return 2;
    }
    if (error instanceof CannotMeasure) progress(`not measurable: ${error.message}`);
    else progress(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return 1;
  } finally {
    killAllChildren();
  }
}

process.exit(await main());
