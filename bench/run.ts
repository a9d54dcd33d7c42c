import { monotonicMs } from '../src/core/clock.ts';
import type { Extent } from './extent.ts';
import { runLoad } from './load.ts';
import type { LoadPlan } from './load.ts';
import type { Stage } from './stage.ts';
import { SUBJECTS } from './subjects/all.ts';
import { CannotMeasure } from './subjects/subject.ts';
import type { Running, Task } from './subjects/subject.ts';
import { measure } from './window.ts';
import type { WindowFigures } from './window.ts';
import type { SubjectName, Work } from './works.ts';

/** A window and where it belongs. */
export interface Sample {
  readonly work: string;
  readonly subject: SubjectName;
  readonly round: number;
  /** Others took too much of the machine meanwhile. */
  readonly dropped: boolean;
  readonly figures: WindowFigures;
}

/** A subject that could not take part in a work, and why. */
export interface Absence {
  readonly work: string;
  readonly subject: SubjectName;
  readonly reason: string;
}

/** A subject that should have run and did not: the run is void, what else was measured is kept. */
export interface Failure {
  readonly work: string;
  readonly subject: string;
  readonly reason: string;
}

/** Everything that was seen. */
export interface Measured {
  readonly samples: Sample[];
  readonly absences: Absence[];
  readonly failures: Failure[];
}

/** Nothing seen yet. */
export function nothingSeen(): Measured {
  return { samples: [], absences: [], failures: [] };
}

export type Progress = (text: string) => void;

/** What every round needs. */
export interface Run {
  readonly stage: Stage;
  readonly extent: Extent;
  /** On the monotonic clock: nothing is begun later. */
  readonly deadlineMs: number;
  readonly progress: Progress;
}

/** Measures the works round by round: every round has fresh processes, windows alternate between the subjects. */
export async function measureAll(works: readonly Work[], run: Run): Promise<Measured> {
  const measured = nothingSeen();
  for (let round = 1; round <= run.extent.rounds; round += 1)
    for (const work of works) if (!isLate(run)) await measureRound(work, round, run, measured);
  if (isLate(run)) run.progress('time is up: some rows have fewer windows, or none');
  return measured;
}

/** Whether the time of the run is over: nothing more is begun. */
export function isLate(run: Run): boolean {
  return monotonicMs() > run.deadlineMs;
}

interface Started {
  readonly name: SubjectName;
  readonly running: Running;
}

async function measureRound(work: Work, round: number, run: Run, into: Measured): Promise<void> {
  const started: Started[] = [];
  try {
    for (const name of work.subjects) {
      if (isLate(run) || isAbsent(work, name, into)) continue;
      await orSay(work, name, run, into, async () => {
        const running = await startSubject(work, name, run.stage);
        started.push({ name, running });
        await runLoad(`${running.url}${work.path}`, loadOf(work, run.stage), run.extent.warmSeconds);
      });
    }
    for (let turn = 0; turn < run.extent.windows; turn += 1) {
      // Another one begins each time, so that no subject always runs on the hotter machine.
      for (let place = 0; place < started.length; place += 1) {
        const next = started[(place + turn + round) % started.length];
        if (next === undefined || isLate(run)) continue;
        await orSay(work, next.name, run, into, async () => {
          const again = () => take(work, next, round, run);
          into.samples.push(...(await untilQuiet(run.extent.retakes, again)));
        });
      }
    }
  } finally {
    for (const { running } of started) await running.stop();
  }
}

function isAbsent(work: Work, name: SubjectName, seen: Measured): boolean {
  return seen.absences.some((absence) => absence.work === work.name && absence.subject === name);
}

/** Notes why a subject cannot take part, or that it failed, and goes on with the others. */
async function orSay(
  work: Work,
  name: SubjectName,
  run: Run,
  into: Measured,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isAbsence = error instanceof CannotMeasure;
    (isAbsence ? into.absences : into.failures).push({ work: work.name, subject: name, reason });
    run.progress(`${work.name} ${name}${isAbsence ? '' : ' failed'}: ${reason}`);
  }
}

/** Starts a subject for a work. @throws {@link CannotMeasure} where that cannot be */
export function startSubject(work: Work, name: SubjectName, stage: Stage): Promise<Running> {
  const { legacyPort, candidatePort, hung, certificate } = stage;
  if (work.tls && certificate === null) throw new CannotMeasure('openssl is not on PATH');
  return SUBJECTS[name].start({
    legacyPort,
    candidatePort: work.candidate === 'hung' ? hung.port : candidatePort,
    copied: work.copied,
    workers: SUBJECTS[name].workers,
    certificate: work.tls ? certificate : null,
    ...asked(work, stage),
  });
}

/** What a subject asks of clients. */
export function asked(
  { asks }: Pick<Work, 'asks'>,
  { credentials }: Stage,
): Pick<Task, 'clientCaFile' | 'keys'> {
  if (asks === undefined || credentials === null) return {};
  const { caFile, keySetFile, publicKeyFile } = credentials;
  return asks === 'certificate' ? { clientCaFile: caFile } : { keys: { keySetFile, publicKeyFile } };
}

/** The load of a work with what its clients show. */
export function loadOf({ load, asks, tokens }: Work, { credentials }: Stage): LoadPlan {
  if (credentials === null) return load;
  const { certFile, keyFile, tokenFiles } = credentials;
  return {
    ...load,
    ...(asks === 'certificate' ? { client: { certFile, keyFile } } : {}),
    ...(tokens === undefined ? {} : { tokensFile: tokenFiles[tokens] }),
  };
}

/** A window, and another one instead of each that was disturbed, so many times at the most. */
export async function untilQuiet(retakes: number, take: () => Promise<Sample>): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let attempt = 0; attempt <= retakes; attempt += 1) {
    const sample = await take();
    samples.push(sample);
    if (!sample.dropped) break;
  }
  return samples;
}

async function take(work: Work, subject: Started, round: number, run: Run): Promise<Sample> {
  const figures = await measure({
    running: subject.running,
    path: work.path,
    load: loadOf(work, run.stage),
    seconds: run.extent.windowSeconds,
    copies: () => run.stage.copies(work.candidate),
    ours: run.stage.pids,
  });
  const dropped = isDisturbed(figures, run.extent);
  const sample = { work: work.name, subject: subject.name, round, dropped, figures };
  run.progress(line(sample));
  return sample;
}

/** Whether others took so much of the machine that a window says nothing. */
export function isDisturbed(figures: WindowFigures, extent: Extent): boolean {
  return figures.disturbance > extent.maxDisturbance;
}

function line(sample: Sample): string {
  const { figures } = sample;
  const rate = `${Math.round(figures.requestsPerSecond)}/s, ${Math.round(figures.requestsPerCpuSecond)}/CPU-s`;
  const noise = sample.dropped ? `, dropped: ${figures.disturbance.toFixed(2)} cores taken by others` : '';
  const errors = figures.errors > 0 ? `, ${figures.errors} errors` : '';
  return `round ${sample.round} ${sample.work} ${sample.subject}: ${rate}${errors}${noise}`;
}
