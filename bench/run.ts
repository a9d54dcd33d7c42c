import { monotonicMs } from '../src/core/clock.ts';
import { cutover } from './subjects/cutover.ts';
import { nginx } from './subjects/nginx.ts';
import { httpxy, nodeHttp } from './subjects/node-proxy.ts';
import type { Running, Subject } from './subjects/subject.ts';
import { measure } from './window.ts';
import type { WindowFigures } from './window.ts';
import { runLoad } from './load.ts';
import type { SubjectName, Work } from './works.ts';

/** How much is measured. */
export interface Extent {
  readonly mode: 'quick' | 'full';
  /** Fresh processes of every subject. */
  readonly rounds: number;
  /** Windows of each process, alternating with those of the others. */
  readonly windows: number;
  readonly windowSeconds: number;
  readonly warmSeconds: number;
  /** No round of any work is begun later than this. */
  readonly budgetSeconds: number;
  /** Cores that strangers may take before a window is dropped. */
  readonly maxDisturbance: number;
}

/** A window and where it belongs. */
export interface Sample {
  readonly work: string;
  readonly subject: SubjectName;
  readonly round: number;
  readonly dropped: boolean;
  readonly figures: WindowFigures;
}

/** The server behind the subjects. */
export interface Backend {
  readonly legacyPort: number;
  readonly candidatePort: number;
  readonly pid: number;
}

export const SUBJECTS: Readonly<Record<SubjectName, Subject & { readonly workers: number }>> = {
  nginx: { ...nginx, workers: 1 },
  cutover: { ...cutover, workers: 1 },
  'cutover-2-workers': { ...cutover, name: 'cutover-2-workers', workers: 2 },
  httpxy: { ...httpxy, workers: 1 },
  'node:http': { ...nodeHttp, workers: 1 },
};

export type Progress = (text: string) => void;

/** Measures the works round by round: every round has fresh processes, windows alternate between the subjects. */
export async function measureAll(
  works: readonly Work[],
  extent: Extent,
  backend: Backend,
  progress: Progress,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const deadlineMs = monotonicMs() + extent.budgetSeconds * 1_000;
  for (let round = 1; round <= extent.rounds; round += 1) {
    for (const work of works) {
      if (monotonicMs() > deadlineMs) {
        progress(`time is up before round ${round} of ${work.name}`);
        return samples;
      }
      samples.push(...(await measureRound(work, round, extent, backend, progress)));
    }
  }
  return samples;
}

async function measureRound(
  work: Work,
  round: number,
  extent: Extent,
  backend: Backend,
  progress: Progress,
): Promise<Sample[]> {
  const started: { name: SubjectName; running: Running }[] = [];
  const samples: Sample[] = [];
  try {
    for (const name of work.subjects) {
      const subject = SUBJECTS[name];
      const { legacyPort, candidatePort } = backend;
      const { copied } = work;
      const running = await subject.start({ legacyPort, candidatePort, copied, workers: subject.workers });
      started.push({ name, running });
      await runLoad(running.url, work.load, extent.warmSeconds);
    }
    for (let turn = 0; turn < extent.windows; turn += 1) {
      // Another one begins each time, so that no subject always runs on the hotter machine.
      for (let place = 0; place < started.length; place += 1) {
        const next = started[(place + turn + round) % started.length];
        if (next === undefined) continue;
        const sample = await take(work, next, round, extent, backend);
        progress(line(sample));
        samples.push(sample);
      }
    }
  } finally {
    for (const { running } of started) await running.stop();
  }
  return samples;
}

async function take(
  work: Work,
  subject: { name: SubjectName; running: Running },
  round: number,
  extent: Extent,
  backend: Backend,
): Promise<Sample> {
  const figures = await measure({
    running: subject.running,
    load: work.load,
    seconds: extent.windowSeconds,
    statusUrl: `http://127.0.0.1:${backend.legacyPort}/_status`,
    ours: [backend.pid],
  });
  const dropped = figures.disturbance > extent.maxDisturbance;
  return { work: work.name, subject: subject.name, round, dropped, figures };
}

function line(sample: Sample): string {
  const { figures } = sample;
  const rate = `${Math.round(figures.requestsPerSecond)}/s, ${Math.round(figures.requestsPerCpuSecond)}/CPU-s`;
  const noise = sample.dropped ? `, dropped: ${figures.disturbance.toFixed(2)} cores taken by others` : '';
  const errors = figures.errors > 0 ? `, ${figures.errors} errors` : '';
  return `round ${sample.round} ${sample.work} ${sample.subject}: ${rate}${errors}${noise}`;
}
