import { readFileSync, readdirSync } from 'node:fs';

const NS_PER_US = 1_000;

/** Time on a core by thread of one process, microseconds: what a busy machine adds to latency is not in it. */
export interface ThreadCpu {
  /** The thread that serves clients, and how long it was ready and another one had its core. */
  readonly mainUs: number;
  readonly waitedUs: number;
  /** The diff thread; and the collector's, libuv's. */
  readonly diffUs: number;
  readonly othersUs: number;
}

/** What the threads of a worker have used so far (`schedstat`: nanoseconds that each ran, and waited to run). */
export function threadCpu(pid: number): ThreadCpu {
  let [mainUs, waitedUs, diffUs, othersUs] = [0, 0, 0, 0];
  for (const name of readdirSync(`/proc/${pid}/task`)) {
    const [ran, waited] = times(`/proc/${pid}/task/${name}`);
    if (Number(name) === pid) [mainUs, waitedUs] = [ran, waited];
    else if (isDiff(`/proc/${pid}/task/${name}`)) diffUs += ran;
    else othersUs += ran;
  }
  return { mainUs, waitedUs, diffUs, othersUs };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    // The thread ended meanwhile.
    return '';
  }
}

/** Node gives its threads the name that the worker was started with. */
function isDiff(folder: string): boolean {
  return read(`${folder}/comm`).includes('cutover-diff');
}

function times(folder: string): [ran: number, waited: number] {
  const [ran = 0, waited = 0] = read(`${folder}/schedstat`).split(' ').map(Number);
  return [ran / NS_PER_US, waited / NS_PER_US];
}
