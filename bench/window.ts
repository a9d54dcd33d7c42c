import { monotonicMs } from '../src/core/clock.ts';
import { fetchOnce } from '../test/kit/http-client.ts';
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
  /** Requests the servers behind it handled for each one the load sent; null when they do not count. */
  readonly serverRequests: number | null;
  /** Cores that strangers and the hypervisor took meanwhile. */
  readonly disturbance: number;
}

export interface WindowPlan {
  readonly running: Running;
  /** What the load asks for. */
  readonly path: string;
  readonly load: LoadPlan;
  readonly seconds: number;
  /** Where the server counts its requests. */
  readonly statusUrl: string;
  /** What else belongs to the bench: the top of the server's processes; this process is added. */
  readonly ours: readonly number[];
}

async function handledByServer(statusUrl: string): Promise<number | null> {
  const text = (await fetchOnce(statusUrl)).body.toString();
  const counts = /requests\s+\d+ \d+ (\d+)/.exec(text);
  return counts === null ? null : Number(counts[1]);
}

/** Loads a subject for some seconds and measures it. */
export async function measure(plan: WindowPlan): Promise<WindowFigures> {
  const { running } = plan;
  const bench = [process.pid, ...plan.ours.flatMap((pid) => processTree(pid))];
  const before = {
    server: await handledByServer(plan.statusUrl),
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
  const handled = await handledByServer(plan.statusUrl);
  const serverRequests =
    handled === null || before.server === null ? null : (handled - before.server - 1) / figures.requests;
  return {
    ...figures,
    requestsPerSecond: figures.requests / figures.seconds,
    requestsPerCpuSecond: figures.requests / cpuSeconds,
    cpuUsPerRequest: (cpuSeconds * 1e6) / figures.requests,
    cores: cpuSeconds / elapsedSeconds,
    rssBytes: subject.rssBytes,
    pssBytes: subject.pssBytes,
    workerRssBytes: largest(running.workers()),
    serverRequests,
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
