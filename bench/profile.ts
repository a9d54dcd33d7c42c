import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '../test/kit/process.ts';
import { until } from '../test/kit/until.ts';
import type { Extent } from './extent.ts';
import { runLoad } from './load.ts';
import { asked, loadOf } from './run.ts';
import { costTable, costsOf } from './profile-costs.ts';
import type { CpuProfile } from './profile-costs.ts';
import type { Stage } from './stage.ts';
import { fromSources, refuseWithoutTls } from './subjects/cutover.ts';
import type { Task } from './subjects/subject.ts';
import type { Work } from './works.ts';

const HOOK = new URL('./profile-hook.ts', import.meta.url);
const TOP = 40;

/** What is profiled, and where the profile goes. */
export interface ProfilePlan {
  readonly work: Work;
  readonly extent: Extent;
  readonly folder: string;
}

/**
 * Takes a profile of the only worker while it is loaded, writes it and prints its top costs. @returns the exit code
 * @throws CannotMeasure where the work cannot be done here
 */
export async function profileWork(
  { work, extent, folder: reports }: ProfilePlan,
  stage: Stage,
  say: (text: string) => void,
): Promise<number> {
  const task: Task = {
    legacyPort: stage.legacyPort,
    candidatePort: work.candidate === 'hung' ? stage.hung.port : stage.candidatePort,
    copied: work.copied,
    workers: 1,
    certificate: work.tls ? stage.certificate : null,
    ...asked(work, stage),
  };
  await refuseWithoutTls(task);
  const folder = temporaryFolder('cutover-profile');
  const gateway = await fromSources(task).env(profiled(folder.path)).start();
  try {
    const url = `${work.tls ? gateway.url.replace('http:', 'https:') : gateway.url}${work.path}`;
    const load = loadOf(work, stage);
    await runLoad(url, load, extent.warmSeconds);
    const [pid = 0] = gateway.pids().workers;
    const recording = await record(join(folder.path, `${pid}.sock`));
    const { requests } = await runLoad(url, load, extent.windowSeconds);
    const text = await recording.stop();
    const file = join(reports, `profile-${work.name}.cpuprofile`);
    mkdirSync(reports, { recursive: true });
    writeFileSync(file, text);
    say(`${work.name}: ${costTable(costsOf(JSON.parse(text) as CpuProfile), TOP, requests)}\n`);
    say(`written to ${file}`);
    return 0;
  } finally {
    await gateway.stop();
    folder.remove();
  }
}

/** Environment of a gateway whose workers can be profiled, see {@link record}. */
export function profiled(folder: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=${HOOK.href}`, CUTOVER_BENCH_PROFILE: folder };
}

/** Lets the worker behind a socket take its profile until `stop`, which returns it as text. */
export async function record(path: string): Promise<{ stop: () => Promise<string> }> {
  const socket = connect(path);
  let received = '';
  let failed: Error | null = null;
  socket.setEncoding('utf8').on('data', (text: string) => (received += text));
  socket.on('error', (error) => (failed = error));
  await until(() => {
    if (failed !== null) throw failed;
    return received.startsWith('started\n');
  }, 'the worker to start its profile');
  return { stop: () => stopRecording(socket, () => received.slice('started\n'.length)) };
}

function stopRecording(socket: Socket, rest: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('end', () => resolve(rest()));
    socket.write('stop\n');
  });
}
