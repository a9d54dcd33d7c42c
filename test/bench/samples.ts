import type { Measured, Sample } from '../../bench/run.ts';
import type { WindowFigures } from '../../bench/window.ts';
import { TOGGLES, findWork } from '../../bench/works.ts';
import type { SubjectName, ToggleStateName, ToggleWork, Work } from '../../bench/works.ts';
import type { ToggleSample } from '../../bench/toggle-figures.ts';

/** A work of the bench. @throws when there is none of that name */
export function workNamed(name: string): Work {
  const work = findWork(name);
  if (work === null) throw new Error(`no work is named ${name}`);
  return work;
}

const FIGURES: WindowFigures = {
  requests: 1_000,
  seconds: 1,
  p50Ms: 1,
  p99Ms: 2,
  p999Ms: 3,
  errors: 0,
  requestsPerSecond: 1_000,
  requestsPerCpuSecond: 1_000,
  cpuUsPerRequest: 1,
  cores: 1,
  rssBytes: 90_000_000,
  pssBytes: 60_000_000,
  workerRssBytes: 50_000_000,
  copies: 0,
  disturbance: 0,
};

/** One window; disturbed ones are marked as the bench marks them. */
export function sample(
  work: string,
  subject: SubjectName,
  round: number,
  figures: Partial<WindowFigures> = {},
): Sample {
  const all = { ...FIGURES, ...figures };
  return { work, subject, round, dropped: all.disturbance > 0.3, figures: all };
}

/** Windows of a run in which everybody took part. */
export function seen(...samples: Sample[]): Measured {
  return { samples, absences: [], failures: [] };
}

/** One window of a process whose shadow is switched. */
export function toggled(
  turn: number,
  state: ToggleStateName,
  patch: Partial<ToggleSample> = {},
): ToggleSample {
  const usual = { dropped: false, errors: 0, requestsPerSecond: 1_000, p99Ms: 2, copies: 0.1, flooded: null };
  return { turn, state, ...usual, ...patch };
}

/** A work that switches one process. */
export function toggleNamed(name: ToggleWork['name']): ToggleWork {
  const found = TOGGLES.find((work) => work.name === name);
  if (found === undefined) throw new Error(`no work is named ${name}`);
  return found;
}
