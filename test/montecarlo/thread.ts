import { parentPort } from 'node:worker_threads';
import { experimentsOf, runOnce } from './experiments.ts';
import type { Experiment } from './experiments.ts';

/** Some runs of one experiment. */
export interface Job {
  readonly list: string;
  readonly id: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

const known = new Map<string, readonly Experiment[]>();

parentPort?.on('message', ({ list, id, seed, from, to }: Job) => {
  const experiments = known.get(list) ?? experimentsOf(list);
  known.set(list, experiments);
  const experiment = experiments.find((each) => each.id === id);
  if (experiment === undefined) throw new Error(`there is no experiment ${list}/${id}`);
  const outcomes = Array.from({ length: to - from }, (_, k) => runOnce(experiment, seed, from + k));
  parentPort?.postMessage(outcomes);
});
