import { monotonicMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import type { ListenerConfig } from '../core/snapshot.ts';
import { unixPath } from '../core/unix-address.ts';
import { isChildOf, isSameProcess } from './process-identity.ts';
import { listWorkers, removeWorkerRecord } from './run-dir.ts';
import type { WorkerRecord } from './run-dir.ts';

/** How often it is looked whether an orphan has ended; they are no children, so nobody tells. */
const LOOK_MS = 50;

/** Workers that outlived their supervisor. Call it with the lock of the run directory held. */
export async function findOrphans(runDir: string): Promise<WorkerRecord[]> {
  return await listWorkers(runDir, true);
}

/**
 * Workers that serve and that nobody steers: their supervisor died, one that was about to take over for example.
 * @param known process numbers of those that are seen to already
 */
export async function findStrays(runDir: string, known: ReadonlySet<number>): Promise<WorkerRecord[]> {
  const listed = await listWorkers(runDir);
  return listed.filter(({ pid, supervisorPid }) => {
    return supervisorPid !== process.pid && !known.has(pid) && !isChildOf(pid, supervisorPid);
  });
}

/**
 * The ports to start with: those of the configuration, and where that says "any", the port the orphans serve on,
 * so that clients find the new workers where the old ones were.
 */
export function portsAfter(orphans: readonly WorkerRecord[], listeners: readonly ListenerConfig[]): number[] {
  const before = orphans.find(
    ({ ports }) =>
      ports.length === listeners.length &&
      ports.every((port, index) => port > 0 || unixPath(listeners[index]?.host ?? '') !== null),
  );
  const configured = listeners.map(({ port }) => port);
  const fits = before?.ports.every((port, index) => configured[index] === 0 || configured[index] === port);
  return fits === true ? [...(before?.ports ?? [])] : configured;
}

export interface DrainOrphansOptions {
  readonly runDir: string;
  /** For all of them together. */
  readonly deadlineMs: number;
  /** Called for each one that has ended. */
  readonly onDrained: (pid: number) => void;
  /** Ends them at once when it aborts. */
  readonly now: AbortSignal;
}

/**
 * Ends the generation before: SIGTERM lets each orphan finish its exchanges, SIGKILL ends what is left at the
 * deadline. A process that merely has an orphan's number is never touched.
 */
export async function drainOrphans(
  orphans: readonly WorkerRecord[],
  options: DrainOrphansOptions,
): Promise<void> {
  for (const orphan of orphans) signal(orphan, 'SIGTERM');
  const deadline = monotonicMs() + options.deadlineMs + LIMITS.drainGraceMs;
  let left = orphans;
  while (left.length > 0) {
    const ended = left.filter((orphan) => !isAlive(orphan));
    for (const { pid } of ended) {
      removeWorkerRecord(options.runDir, pid);
      options.onDrained(pid);
    }
    left = left.filter((orphan) => !ended.includes(orphan));
    if (monotonicMs() > deadline || options.now.aborted) killOrphans(left);
    if (left.length > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Ends orphans at once, without waiting. */
export function killOrphans(orphans: readonly WorkerRecord[]): void {
  for (const orphan of orphans) signal(orphan, 'SIGKILL');
}

function isAlive({ pid, started }: WorkerRecord): boolean {
  return isSameProcess(pid, started);
}

function signal(orphan: WorkerRecord, name: 'SIGTERM' | 'SIGKILL'): void {
  if (!isAlive(orphan)) return;
  try {
    process.kill(orphan.pid, name);
  } catch {
    // It ended in between.
  }
}
