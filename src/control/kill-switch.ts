import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { wallMs } from '../core/clock.ts';
import { CutoverError, messageOf, systemCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { listWorkers, runPaths, writeFileAtomic } from './run-dir.ts';

/** Who threw the kill switch, and why. */
export interface KillSwitch {
  readonly who: string;
  readonly reason: string;
}

/**
 * Sends all traffic to legacy, now, on every worker listed in `runDir`: it needs no supervisor and no store.
 * A supervisor that runs notices the file and records it in the history.
 * @returns number of workers signalled; the others, if any, see the file within `LIMITS.killSwitchPollMs`
 * @throws CutoverError KILL_SWITCH when the file can be neither written nor made empty; workers are signalled even so
 */
export async function throwKillSwitch(runDir: string, by: KillSwitch): Promise<number> {
  let failure: unknown = null;
  try {
    writeKillSwitch(runDir, by);
  } catch (error) {
    failure = error;
  }
  const signalled = await signalWorkers(runDir);
  if (failure !== null) throw failure;
  return signalled;
}

/** Writes the file only; without its text where there is no room for it. @throws CutoverError KILL_SWITCH */
export function writeKillSwitch(runDir: string, by: KillSwitch): void {
  const file = runPaths(runDir).bypass;
  const text = JSON.stringify({ who: by.who, reason: by.reason.slice(0, LIMITS.reasonChars), at: wallMs() });
  try {
    writeFileAtomic(file, `${text}\n`);
  } catch (error) {
    if (isThere(file) || isMade(file)) return;
    throw new CutoverError(
      'KILL_SWITCH',
      `the kill switch's file could not be written: ${messageOf(error)}`,
      {
        hint: `is ${runDir} the runDir of the configuration? By hand: touch ${file}`,
        cause: error,
      },
    );
  }
}

function isThere(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** An empty file is on, too, and a full disk often has room for a name. */
function isMade(file: string): boolean {
  try {
    closeSync(openSync(file, 'a', 0o600));
    return true;
  } catch {
    return false;
  }
}

/** Takes the kill switch's file away; workers follow their snapshot again. @throws CutoverError KILL_SWITCH */
export async function liftKillSwitch(runDir: string): Promise<number> {
  const file = runPaths(runDir).bypass;
  try {
    rmSync(file, { force: true, recursive: true });
  } catch (error) {
    const message = `the kill switch's file could not be taken away, so it stays on: ${messageOf(error)}`;
    throw new CutoverError('KILL_SWITCH', message, { hint: `rm ${file}`, cause: error });
  }
  return await signalWorkers(runDir);
}

/** What the kill switch's file says, or null when it is off. An empty or foreign file is on, too. */
export async function readKillSwitch(runDir: string): Promise<KillSwitch | null> {
  const file = runPaths(runDir).bypass;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    text = '';
  }
  return parseKillSwitch(text);
}

/** Whether the file exists: for the start of a worker, before it listens. */
export function isKillSwitchOnSync(runDir: string): boolean {
  try {
    return statSync(runPaths(runDir).bypass, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

/** Whether the file exists; null when that cannot be told, so that nothing is changed. */
export async function isKillSwitchOn(runDir: string): Promise<boolean | null> {
  try {
    await stat(runPaths(runDir).bypass);
    return true;
  } catch (error) {
    return systemCode(error) === 'ENOENT' ? false : null;
  }
}

async function signalWorkers(runDir: string): Promise<number> {
  let signalled = 0;
  for (const worker of await listWorkers(runDir)) {
    try {
      process.kill(worker.pid, 'SIGUSR2');
      signalled += 1;
    } catch {
      // It ended in between, or belongs to another user: the others still hear it.
    }
  }
  return signalled;
}

function parseKillSwitch(text: string): KillSwitch {
  try {
    const { who, reason } = JSON.parse(text) as Partial<Record<keyof KillSwitch, unknown>>;
    if (typeof who === 'string' && typeof reason === 'string') {
      return { who, reason: reason.slice(0, LIMITS.reasonChars) };
    }
  } catch {
    // Made by hand: that it exists is what counts.
  }
  return { who: 'unknown', reason: 'the file bypass exists in the run directory' };
}
