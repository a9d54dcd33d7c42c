import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, onTestFinished } from 'vitest';
import { wallMs } from '../../src/core/clock.ts';
import { runPaths } from '../../src/control/run-dir.ts';
import { UnstoredFile } from '../../src/control/unstored-file.ts';
import { Controller } from '../../src/rollout/controller.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { plan } from './fixtures.ts';
import type { Job } from './run-controller.ts';

const SCRIPT = fileURLToPath(new URL('run-controller.ts', import.meta.url));
const FOREVER = 1e14;
const RETENTION = { windowsMs: FOREVER, examplesMs: FOREVER, eventsMs: FOREVER, maxBytes: FOREVER };
/** The lease of a killed controller has run out by then. */
const LATER_MS = 60_000;
/** A child that lives so long hangs: it is asked to end, which no crash point does. */
const HANGS_MS = 20_000;
/** Children at a time. */
const LANES = 2;

/** Compiled once, a child starts three times as fast. */
const compiled = mkdtempSync(join(tmpdir(), 'cutover-compiled-'));
afterAll(() => rmSync(compiled, { recursive: true, force: true }));

/** The disk of one node: its store and its run directory. */
export class Disk {
  readonly path = mkdtempSync(join(tmpdir(), 'cutover-crash-'));
  readonly file = join(this.path, 'cutover.db');
  readonly runDir = join(this.path, 'run');

  constructor() {
    mkdirSync(this.runDir, { mode: 0o700 });
    onTestFinished(() => this.remove());
  }

  copy(): Disk {
    const copy = new Disk();
    cpSync(this.path, copy.path, { recursive: true });
    return copy;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  /** Whether it holds a decision beside the store, or the kill switch. */
  get leftOver(): boolean {
    const { unstored, bypass } = runPaths(this.runDir);
    return existsSync(unstored) || existsSync(bypass);
  }
}

/** Does something with the controller that the next process opens on a disk. */
export async function onController<T>(disk: Disk, work: (controller: Controller) => Promise<T>): Promise<T> {
  const store = openSqliteStore({ file: disk.file, retention: RETENTION, nowMs: () => wallMs() + LATER_MS });
  try {
    const controller = await Controller.open(store.state, {
      plan,
      configHash: 'c1',
      build: '1',
      holder: 'the next one',
      publish: () => undefined,
      unstoredLog: new UnstoredFile(disk.runDir, () => undefined),
      tickMs: 0,
    });
    try {
      return await work(controller);
    } finally {
      await controller.close();
    }
  } finally {
    await store.close();
  }
}

/** A job without its disk and its death. */
export type Task = Omit<Job, 'file' | 'runDir' | 'dieAt'>;

/** The disk of a child after its end. */
export interface Ended {
  readonly disk: Disk;
  /** Names of the points it reached; a killed one died at the last. */
  readonly points: readonly string[];
  readonly killed: boolean;
}

/** Runs a job on a copy of a disk until it dies or is done. @throws when it ends in any other way */
export async function runJob(template: Disk, task: Task, dieAt: Job['dieAt']): Promise<Ended> {
  const disk = template.copy();
  const job: Job = { ...task, file: disk.file, runDir: disk.runDir, dieAt };
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const env = { ...process.env, NODE_COMPILE_CACHE: compiled };
  execFile(process.execPath, [SCRIPT, JSON.stringify(job)], { timeout: HANGS_MS, env }, (error, out, err) => {
    const killed = error?.signal === 'SIGKILL';
    if (error !== null && !killed) reject(new Error(`the child failed: ${error.message}\n${err}`));
    else resolve({ disk, points: out.split('\n').slice(0, -1), killed });
  });
  return promise;
}

/**
 * Runs a job once to its end, and once for each point that it reached, to be killed there.
 * @param examine looks at the disk of each that was killed
 * @returns the points, every one of which killed a process
 */
export async function killAtEveryPoint(
  template: Disk,
  task: Task,
  examine: (ended: Ended) => Promise<void>,
): Promise<readonly string[]> {
  const { points, killed } = await runJob(template, task, null);
  if (killed) throw new Error('a process was killed that should live on');
  const left = [...points.keys()];
  const lane = async (): Promise<void> => {
    for (let dieAt = left.shift(); dieAt !== undefined; dieAt = left.shift()) {
      const ended = await runJob(template, task, dieAt);
      const expected = points.slice(0, dieAt + 1).join(', ');
      if (!ended.killed || ended.points.join(', ') !== expected) {
        throw new Error(`point ${dieAt} of ${points.join(', ')} was not hit: ${ended.points.join(', ')}`);
      }
      await examine(ended);
      ended.disk.remove();
    }
  };
  const lanes = await Promise.allSettled(
    Array.from({ length: LANES }, () =>
      lane().catch((error: unknown) => {
        left.length = 0;
        throw error;
      }),
    ),
  );
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason;
  return points;
}
