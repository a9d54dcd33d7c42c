import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { wallMs } from '../../src/core/clock.ts';
import { runPaths } from '../../src/control/run-dir.ts';
import { UnstoredFile } from '../../src/control/unstored-file.ts';
import { Controller } from '../../src/rollout/controller.ts';
import type { ApplyResult, HistoryPage, OperatorCommand } from '../../src/rollout/controller-types.ts';
import type { StateStore } from '../../src/rollout/ports.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { plan } from './fixtures.ts';
import type { Job } from './run-controller.ts';

const SCRIPT = fileURLToPath(new URL('run-controller.ts', import.meta.url));
const FOREVER = 1e14;
const RETENTION = { windowsMs: FOREVER, examplesMs: FOREVER, eventsMs: FOREVER, maxBytes: FOREVER };
/** The lease of a killed controller has run out by then. */
const LATER_MS = 60_000;
/** A child that lives so long hangs; it is asked to end, which no crash point does. */
const HANGS_MS = 20_000;
/** Children at a time. */
const LANES = 2;
/** More points than any transition has. */
const MOST_POINTS = 100;

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

  get keepsSomething(): boolean {
    return existsSync(runPaths(this.runDir).unstored);
  }

  get killSwitchIsThrown(): boolean {
    return existsSync(runPaths(this.runDir).bypass);
  }
}

/** What a controller found that was opened on a disk, and what it answered. */
export interface Found {
  readonly state: RolloutState;
  readonly history: HistoryPage;
  readonly unstored: number;
  readonly answer: ApplyResult | null;
}

/**
 * Opens a controller as the next process would and lets it carry out a command; its lease has run out afterwards.
 * @param wrap what becomes of the store once the controller is open
 */
export async function visit(
  disk: Disk,
  command: OperatorCommand | null = null,
  wrap: (store: StateStore) => StateStore = (store) => store,
): Promise<Found> {
  const store = openSqliteStore({ file: disk.file, retention: RETENTION, nowMs: () => wallMs() + LATER_MS });
  const controller = await Controller.open(wrap(store.state), {
    plan,
    configHash: 'c1',
    build: '1',
    holder: 'the next one',
    publish: () => undefined,
    unstoredLog: new UnstoredFile(disk.runDir, () => undefined),
    tickMs: 0,
  });
  try {
    const answer = command === null ? null : await controller.apply(command);
    const { unstored } = controller.health;
    return { state: controller.state, history: await controller.history(100), unstored, answer };
  } finally {
    await controller.close();
    await store.close();
  }
}

/** One child that has ended. */
export interface Death {
  readonly disk: Disk;
  /** Names of the points it reached, the last one being where it was killed. */
  readonly points: readonly string[];
  readonly killed: boolean;
}

/** Runs the same job on copies of a disk, killed at its first point, its second and so on, until one survives. */
export async function* deaths(
  template: Disk,
  job: Pick<Job, 'command' | 'store'>,
): AsyncGenerator<Death, void> {
  for (let first = 0; first < MOST_POINTS; first += LANES) {
    const batch = Array.from({ length: LANES }, (_, lane) => die(template.copy(), { ...job, dieAt: first + lane }));
    for (const death of await Promise.all(batch)) {
      yield death;
      death.disk.remove();
      if (!death.killed) return;
    }
  }
  throw new Error(`no run survived ${MOST_POINTS} points`);
}

async function die(disk: Disk, job: Omit<Job, 'file' | 'runDir'>): Promise<Death> {
  const { file, runDir } = disk;
  const args = [SCRIPT, JSON.stringify({ ...job, file, runDir } satisfies Job)];
  const { signal, stdout } = await new Promise<{ signal: string | null; stdout: string }>((resolve, reject) => {
    execFile(process.execPath, args, { timeout: HANGS_MS }, (error, stdout, stderr) => {
      const signal = error?.signal ?? null;
      if (error === null || signal === 'SIGKILL') resolve({ signal, stdout });
      else reject(new Error(`the child ended by itself (${signal ?? error.code}): ${stderr}`));
    });
  });
  return { disk, points: stdout.split('\n').slice(0, -1), killed: signal !== null };
}
