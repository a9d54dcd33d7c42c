import { monotonicMs } from '../src/core/clock.ts';
import { machineCpu, processTree, usage } from './cpu.ts';
import { runLoad } from './load.ts';
import type { LoadFigures, LoadPlan } from './load.ts';
import type { Running } from './subjects/subject.ts';

/** One measured stretch of one process. */
export interface WindowFigures extends LoadFigures {
  readonly requestsPerSecond: number;
  readonly requestsPerCpuSecond: number;
  readonly cpuUsPerRequest: number;
  /** Cores the subject kept busy. */
  readonly cores: number;
  readonly rssBytes: number;
  readonly pssBytes: number;
  /** Resident memory of the largest worker; null where workers are no processes of their own. */
  readonly workerRssBytes: number | null;
  /** Copies that reached the second server for each request; of a hung one, connections that were opened for them. */
  readonly copies: number;
  /** Cores that strangers and the hypervisor took meanwhile. */
  readonly disturbance: number;
}

export interface WindowPlan {
  readonly running: Running;
  /** What the load asks for. */
  readonly path: string;
  readonly load: LoadPlan;
  readonly seconds: number;
  /** Copies that have reached the second server so far. */
  readonly copies: () => Promise<number>;
  /** What else belongs to the bench: the top of the server's processes; this process is added. */
  readonly ours: readonly number[];
}

/** Loads a subject for some seconds and measures it. */
export async function measure(plan: WindowPlan): Promise<WindowFigures> {
  const { running } = plan;
  const bench = [process.pid, ...plan.ours.flatMap((pid) => processTree(pid))];
  const before = {
    copies: await plan.copies(),
    subject: usage(processTree(running.pid)),
    ours: usage(bench),
    machine: machineCpu(),
    atMs: monotonicMs(),
  };
  const loadSeconds = lastUsage();
  const url = `${running.url}${plan.path}`;
  const figures = await runLoad(url, plan.load, plan.seconds, loadSeconds.watch).finally(loadSeconds.stop);
  const tree = processTree(running.pid);
  const subject = usage(tree);
  const machine = machineCpu();
  const elapsedSeconds = (monotonicMs() - before.atMs) / 1_000;
  const cpuSeconds = subject.cpuSeconds - before.subject.cpuSeconds;
  const oursSeconds = usage(bench).cpuSeconds - before.ours.cpuSeconds + loadSeconds.stop();
  const busySeconds = machine.busySeconds - before.machine.busySeconds;
  const stolenSeconds = machine.stolenSeconds - before.machine.stolenSeconds;
  const strangersSeconds = Math.max(0, busySeconds - cpuSeconds - oursSeconds);
  const copies = ((await plan.copies()) - before.copies) / figures.requests;
  return {
    ...figures,
    requestsPerSecond: figures.requests / figures.seconds,
    requestsPerCpuSecond: figures.requests / cpuSeconds,
    cpuUsPerRequest: (cpuSeconds * 1e6) / figures.requests,
    cores: cpuSeconds / elapsedSeconds,
    rssBytes: subject.rssBytes,
    pssBytes: subject.pssBytes,
    workerRssBytes: largest(running.workers()),
    copies,
    disturbance: (strangersSeconds + stolenSeconds) / elapsedSeconds,
  };
}

function largest(workers: readonly number[]): number | null {
  return workers.length === 0 ? null : Math.max(...workers.map((pid) => usage([pid]).rssBytes));
}

/** How often the load is looked at: often enough that what it did after the last look is little. */
const LOOK_MS = 50;

/** CPU time of the load, looked at while it runs: a process that has ended has none left to read. */
function lastUsage(): { watch: (pid: number) => void; stop: () => number } {
  let seconds = 0;
  let timer: NodeJS.Timeout | null = null;
  return {
    watch: (pid) => {
      timer = setInterval(() => (seconds = Math.max(seconds, usage([pid]).cpuSeconds)), LOOK_MS);
    },
    stop: () => {
      if (timer !== null) clearInterval(timer);
      return seconds;
    },
  };
}
