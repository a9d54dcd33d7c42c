import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError, messageOf } from '../core/errors.ts';
import { isSameProcess } from './process-identity.ts';

/** The files of a run directory. */
export interface RunPaths {
  /** Locked by the supervisor that runs. */
  readonly lock: string;
  /** Locked by a supervisor that starts. */
  readonly start: string;
  /** Process, build, configuration and admin address of the one that runs, as JSON. */
  readonly supervisor: string;
  /** One file per worker. */
  readonly workers: string;
  /** The kill switch: it is on while this file exists. */
  readonly bypass: string;
  /** Decisions in effect that the store has not taken yet. */
  readonly unstored: string;
}

/** A worker as it is listed, so that it is found again when its supervisor is gone. */
export interface WorkerRecord {
  readonly pid: number;
  /** See `processStart`: a reused process number is never taken for the worker. */
  readonly started: string;
  readonly incarnation: string;
  readonly supervisorPid: number;
  /** One per listener; 0 as long as it is not known. */
  readonly ports: readonly number[];
}

export function runPaths(runDir: string): RunPaths {
  return {
    lock: join(runDir, 'lock.db'),
    start: join(runDir, 'start.db'),
    supervisor: join(runDir, 'supervisor.json'),
    workers: join(runDir, 'workers'),
    bypass: join(runDir, 'bypass'),
    unstored: join(runDir, 'unstored.json'),
  };
}

/** Makes the directory, for its owner alone. @throws CutoverError RUN_DIR when it cannot be used */
export async function prepareRunDir(runDir: string): Promise<RunPaths> {
  const paths = runPaths(runDir);
  try {
    await mkdir(runDir, { recursive: true, mode: 0o700 });
    closeToOthers(runDir);
    await mkdir(paths.workers, { recursive: true, mode: 0o700 });
    chmodSync(paths.workers, 0o700);
  } catch (error) {
    throw new CutoverError('RUN_DIR', `the run directory ${runDir} cannot be used: ${messageOf(error)}`, {
      hint: `make it writable, or set another one: runDir: /path/to/run`,
      cause: error,
    });
  }
  return paths;
}

/** A directory of an earlier start, or an empty one, may have been made with wider rights; any other is left alone. */
function closeToOthers(runDir: string): void {
  const { mode, uid } = statSync(runDir);
  if ((mode & 0o077) === 0 || uid !== process.geteuid?.()) return;
  const names = readdirSync(runDir);
  if (names.length === 0 || names.includes('lock.db')) chmodSync(runDir, 0o700);
}

/**
 * Replaces a file as a whole: a reader sees the old text or the new one, which is on the disk then.
 * @throws the system's error; nothing is left behind
 */
export function writeFileAtomic(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.new`;
  try {
    const handle = openSync(temporary, 'w', 0o600);
    try {
      writeSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Lists a worker. */
export function writeWorkerRecord(runDir: string, record: WorkerRecord): void {
  writeFileAtomic(recordFile(runDir, record.pid), `${JSON.stringify(record)}\n`);
}

/** Takes a worker off the list; nothing happens when it is not there. */
export function removeWorkerRecord(runDir: string, pid: number): void {
  rmSync(recordFile(runDir, pid), { force: true });
}

/** The listed workers that still run. Records of others are ignored, and deleted with `tidy`. */
export async function listWorkers(runDir: string, tidy = false): Promise<WorkerRecord[]> {
  const directory = runPaths(runDir).workers;
  const alive: WorkerRecord[] = [];
  for (const name of await readdir(directory).catch(() => [])) {
    const record = parseRecord(join(directory, name));
    if (record !== null && isSameProcess(record.pid, record.started)) alive.push(record);
    else if (tidy) rmSync(join(directory, name), { force: true });
  }
  return alive;
}

function recordFile(runDir: string, pid: number): string {
  return join(runPaths(runDir).workers, `${pid}.json`);
}

function parseRecord(file: string): WorkerRecord | null {
  if (!file.endsWith('.json')) return null;
  try {
    const { pid, started, incarnation, supervisorPid, ports } = JSON.parse(
      readFileSync(file, 'utf8'),
    ) as Record<keyof WorkerRecord, unknown>;
    // Process 0 and negative numbers address groups in kill(2).
    if (!Number.isSafeInteger(pid) || (pid as number) <= 1 || typeof started !== 'string') return null;
    const known = Array.isArray(ports) ? ports.filter((port) => Number.isInteger(port)) : [];
    return {
      pid: pid as number,
      started,
      incarnation: String(incarnation),
      supervisorPid: Number(supervisorPid),
      ports: known as number[],
    };
  } catch {
    return null;
  }
}
