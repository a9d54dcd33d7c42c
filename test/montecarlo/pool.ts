import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Experiment } from './experiments.ts';
import type { Outcome } from './simulate.ts';
import type { Job } from './thread.ts';

/** An experiment with the number of its runs. */
export interface Asked {
  readonly experiment: Experiment;
  readonly reps: number;
}

/** Runs of one job: seconds of work, so that progress is seen. */
const CHUNK = 10;

/**
 * Runs all of them on threads, in their order, and gives the outcomes of each in the order of its runs.
 * @param list for `experimentsOf`
 * @param done is told each experiment as soon as its last run is over
 */
export async function runAll(
  list: string,
  asked: readonly Asked[],
  seed: number,
  threads: number,
  done: (id: string, outcomes: readonly Outcome[]) => void,
): Promise<void> {
  const jobs = asked.flatMap(({ experiment, reps }) => jobsOf(list, experiment.id, reps, seed));
  const found = new Map(asked.map(({ experiment, reps }) => [experiment.id, { reps, outcomes: new Map() }]));
  let [next, over] = [0, 0];
  const report = reporter();
  const take = (job: Job, outcomes: readonly Outcome[]): void => {
    over += 1;
    report(over / jobs.length);
    const mine = found.get(job.id);
    outcomes.forEach((outcome, k) => mine?.outcomes.set(job.from + k, outcome));
    if (mine === undefined || mine.outcomes.size < mine.reps) return;
    const inOrder = [...mine.outcomes].toSorted(([one], [other]) => one - other);
    found.delete(job.id);
    done(
      job.id,
      inOrder.map(([, outcome]) => outcome as Outcome),
    );
  };
  const work = async (): Promise<void> => {
    const thread = new Worker(new URL('./thread.ts', import.meta.url));
    try {
      for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) {
        thread.postMessage(job);
        take(job, ((await once(thread, 'message')) as [Outcome[]])[0]);
      }
    } finally {
      await thread.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
}

const REPORT_MS = 20_000;

/** Says on stderr how far everything is and how long it will take, now and then. */
function reporter(): (share: number) => void {
  const beganMs = performance.now();
  let saidMs = beganMs;
  return (share) => {
    const nowMs = performance.now();
    if (nowMs - saidMs < REPORT_MS) return;
    saidMs = nowMs;
    const leftMinutes = ((nowMs - beganMs) * (1 - share)) / share / 60_000;
    process.stderr.write(`${(share * 100).toFixed(1)} % of the runs, ${leftMinutes.toFixed(1)} min left\n`);
  };
}

function jobsOf(list: string, id: string, reps: number, seed: number): Job[] {
  return Array.from({ length: Math.ceil(reps / CHUNK) }, (_, chunk) => ({
    list,
    id,
    seed,
    from: chunk * CHUNK,
    to: Math.min(reps, (chunk + 1) * CHUNK),
  }));
}
