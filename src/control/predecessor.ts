import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { CutoverError } from '../core/errors.ts';
import { createAdminClient } from './admin-client.ts';
import { readAdminToken } from './admin-token.ts';
import { isNewerBuild } from './build.ts';
import type { Build } from './build.ts';
import { alreadyRunning, readSupervisor } from './lock.ts';
import type { NotedSupervisor, SupervisorNote } from './lock.ts';
import { canReusePort } from './ports.ts';
import { isSameProcess } from './process-identity.ts';
import { runPaths } from './run-dir.ts';

/** What starts while another supervisor runs. */
export interface Claim {
  readonly runDir: string;
  readonly build: Build;
  readonly configFile: string;
  readonly storeFile: string;
  /** `--take-over`: whatever the builds, and with another configuration file. */
  readonly forced: boolean;
}

/** A supervisor that runs and will be asked to let go. */
export interface Predecessor extends SupervisorNote {
  readonly pid: number;
  readonly admin: string;
}

const FORCE = 'or take over whatever it is: cutover run --take-over';

/**
 * Whether this start may take over from the supervisor that holds the lock.
 * @throws CutoverError ALREADY_RUNNING (exit 1) when this build is not newer, OTHER_USER, OTHER_CONFIG or OTHER_STORE
 * (exit 5) when it is not the same gateway
 */
export function findPredecessor(claim: Claim): Predecessor {
  const found = readSupervisor(runPaths(claim.runDir));
  if (found === null || found.note === null || found.admin === null)
    throw alreadyRunning(found?.pid ?? null, ' and is not ready to be taken over from');
  refuseStrangers(found, found.note, claim);
  refuseOlder(found, found.note, claim);
  return { ...found.note, pid: found.pid, admin: found.admin };
}

/** Asks it to let go; it goes on serving until this supervisor acts. @throws CutoverError what it says, or UNREACHABLE */
export async function askToLetGo(
  claim: Claim,
  from: Predecessor,
  who: string,
  started: string,
): Promise<void> {
  const client = createAdminClient({ address: from.admin, token: await readAdminToken(claim.runDir) });
  try {
    await client.handOver({ who, pid: process.pid, started, build: claim.build.name });
  } finally {
    await client.close();
  }
}

export function isAlive({ pid, started }: Pick<Predecessor, 'pid' | 'started'>): boolean {
  return isSameProcess(pid, started);
}

function refuseStrangers({ pid, uid }: NotedSupervisor, note: SupervisorNote, claim: Claim): void {
  if (uid !== process.geteuid?.()) {
    const message = `the supervisor of this run directory (process ${pid}) belongs to another user (${uid})`;
    throw new CutoverError('OTHER_USER', message, { hint: `run it as user ${uid}`, exitCode: 5 });
  }
  if (note.storeFile !== claim.storeFile) {
    const message = `process ${pid} runs with this run directory and another store: ${note.storeFile}`;
    throw new CutoverError('OTHER_STORE', message, {
      hint: `stop it first: kill ${pid} (it drains); a rollout cannot be handed over between stores`,
      exitCode: 5,
    });
  }
  if (!claim.forced && realPath(note.configFile) !== realPath(claim.configFile)) {
    const message = `process ${pid} runs with this run directory and another configuration: ${note.configFile}`;
    throw new CutoverError('OTHER_CONFIG', message, { hint: `set another runDir, ${FORCE}`, exitCode: 5 });
  }
}

function refuseOlder({ pid }: NotedSupervisor, note: SupervisorNote, { build, forced }: Claim): void {
  if (!canReusePort()) throw alreadyRunning(pid, ', and two generations cannot share a port here');
  const other = { name: note.build, madeMs: note.madeMs };
  if (forced || isNewerBuild(build, other)) return;
  const why =
    note.build === build.name
      ? 'it is this build'
      : `it is build ${note.build}, not older than ${build.name}`;
  throw alreadyRunning(pid, `: ${why}`, FORCE);
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return resolve(file);
  }
}
