import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { monotonicMs } from '../src/core/clock.ts';
import { LIMITS } from '../src/core/limits.ts';
import { formatDuration } from '../src/core/units.ts';
import { startChild } from '../test/kit/process.ts';
import type { Child } from '../test/kit/process.ts';
import type { RunningGateway } from '../test/kit/gateway.ts';
import { machineCpu, processTree, usage } from './cpu.ts';
import { FLOOD_WARM_SECONDS } from './extent.ts';
import { runLoad } from './load.ts';
import {
  answersOf,
  OVERLOAD_FACTOR,
  overloadDropped,
  overloadResult,
  overloadWithout,
} from './overload-figures.ts';
import type { FloodFigures, OverloadResult, OverloadSample } from './overload-figures.ts';
import { findOnPath } from './paths.ts';
import { isLate } from './run.ts';
import type { Failure, Run } from './run.ts';
import { benchGateway } from './subjects/cutover.ts';
import { OVERLOAD } from './works.ts';

const CLIENT = fileURLToPath(new URL('./flood-client.ts', import.meta.url));
/** The worker has one core with this many that only burn it, so that a load on the other core can ask for three times as much. */
const BURNERS = 4;
const WORKER_CORE = 0;
const OTHER_CORE = 1;
/** Clients that do not wait for each other: a worker that lets them wait for 100 ms has a third of them under way. */
const CONNECTIONS = 4_000;
const CAPACITY = { kind: 'closed', connections: 64 } as const;

/** Floods fresh workers with three times what they can serve, with and without the guard of the event loop. */
export async function measureOverload(run: Run, failures: Failure[]): Promise<OverloadResult[]> {
  if (findOnPath('taskset') === null) return overloadWithout('taskset is not on PATH');
  if (availableParallelism() <= OTHER_CORE) return overloadWithout('needs 2 cores');
  const samples: OverloadSample[] = [];
  const { maxDisturbance, rounds } = run.extent;
  try {
    for (let round = 1; round <= rounds; round += 1)
      for (const guard of ['on', 'off'] as const) {
        if (isLate(run)) break;
        const sample = await floodOne(guard, round, run);
        samples.push(sample);
        run.progress(line(sample, maxDisturbance));
      }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    failures.push({ work: OVERLOAD, subject: 'cutover', reason });
    run.progress(`${OVERLOAD} failed: ${reason}`);
  }
  return (['on', 'off'] as const).map((guard) => overloadResult(guard, samples, maxDisturbance));
}

async function floodOne(guard: 'on' | 'off', round: number, run: Run): Promise<OverloadSample> {
  const { legacyPort, candidatePort } = run.stage;
  const task = { legacyPort, candidatePort, copied: 0 as const, workers: 1, certificate: null };
  const loopDelay = formatDuration(guard === 'on' ? LIMITS.overloadDelayMs : 0);
  const gateway = await benchGateway(task).config({ limits: { loopDelay } }).start();
  const burners: Child[] = [];
  try {
    await runLoad(gateway.url, CAPACITY, run.extent.warmSeconds, onOtherCore);
    for (const pid of gateway.pids().workers) pin(pid, WORKER_CORE);
    for (let count = 0; count < BURNERS; count += 1) burners.push(await startBurner());
    const { requests, seconds } = await runLoad(gateway.url, CAPACITY, run.extent.windowSeconds, onOtherCore);
    const capacityPerSecond = requests / seconds;
    return { round, guard, capacityPerSecond, ...(await flood(gateway, capacityPerSecond, run)) };
  } finally {
    for (const burner of burners) await burner.stop(1);
    await gateway.stop();
  }
}

/** Every thread of a process. @throws when that is not allowed */
function pin(pid: number, core: number): void {
  const { status, stderr } = spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`taskset: ${stderr}`);
}

function onOtherCore(pid: number): void {
  pin(pid, OTHER_CORE);
}

function startBurner(): Promise<Child> {
  return startChild('taskset', ['-c', String(WORKER_CORE), process.execPath, '-e', 'for (;;);']);
}

async function flood(
  gateway: RunningGateway,
  capacityPerSecond: number,
  { stage, extent }: Run,
): Promise<Pick<OverloadSample, 'flood' | 'disturbance'>> {
  const job = {
    url: gateway.url,
    connections: CONNECTIONS,
    perSecond: capacityPerSecond * OVERLOAD_FACTOR,
    seconds: extent.windowSeconds,
    warmSeconds: FLOOD_WARM_SECONDS,
  };
  const ours = () => usage([process.pid, ...stage.pids].flatMap((pid) => processTree(pid))).cpuSeconds;
  const before = { atMs: monotonicMs(), ours: ours(), machine: machineCpu() };
  const command = ['-c', String(OTHER_CORE), process.execPath, CLIENT, JSON.stringify(job)];
  const client = await startChild('taskset', command);
  const code = await client.exited;
  const machine = machineCpu();
  const oursSeconds = ours() - before.ours;
  const text = /^figures (\{.*\})$/m.exec(client.stdout())?.[1];
  await client.stop();
  if (code !== 0 || text === undefined) throw new Error(`the flood ended with ${code}: ${client.stderr()}`);
  const figures = JSON.parse(text) as FloodFigures;
  const busySeconds = machine.busySeconds - before.machine.busySeconds - oursSeconds - figures.cpuSeconds;
  const stolenSeconds = machine.stolenSeconds - before.machine.stolenSeconds;
  const elapsedSeconds = (monotonicMs() - before.atMs) / 1_000;
  return { flood: figures, disturbance: (Math.max(0, busySeconds) + stolenSeconds) / elapsedSeconds };
}

function line(sample: OverloadSample, maxDisturbance: number): string {
  const { round, guard, capacityPerSecond, flood: seen } = sample;
  const served = Math.round(seen.served / seen.seconds);
  const percent = (count: number) => ((count / answersOf(seen)) * 100).toFixed(0);
  const why = overloadDropped(sample, maxDisturbance);
  const asked = (seen.sent / seen.seconds / capacityPerSecond).toFixed(2);
  return `round ${round} ${OVERLOAD} guard ${guard}: capacity ${Math.round(capacityPerSecond)}/s, asked for ${asked} ×, served ${served}/s, ${percent(seen.refused)} % refused, ${percent(seen.busy)} % busy, p99 ${seen.p99Ms.toFixed(0)} ms${why === null ? '' : `, dropped: ${why}`}`;
}
