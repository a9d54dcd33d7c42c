import type { CompiledConfig } from '../config/compile.ts';
import { monotonicMs } from '../core/clock.ts';
import { CutoverError, messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { FileLock } from '../store/sqlite/lock.ts';
import { tryLockRunDir } from './lock.ts';
import type { SupervisorNote } from './lock.ts';
import { GatewayNode } from './node.ts';
import type { NodeOptions } from './node.ts';
import { askToLetGo, findPredecessor, isAlive } from './predecessor.ts';
import type { Claim, Predecessor } from './predecessor.ts';
import { runPaths } from './run-dir.ts';

export interface TakeOverOptions {
  readonly config: CompiledConfig;
  readonly claim: Claim;
  readonly who: string;
  readonly node: NodeOptions;
  readonly note: SupervisorNote;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** This process was told to stop: it waits no longer for a predecessor that drains. */
  readonly stopped: Promise<void>;
  /** The node exists: whoever holds it closes it. */
  readonly opened: (node: GatewayNode) => void;
  /** @throws CutoverError PORT_TAKEN while the older one still has the address */
  readonly openAdmin: (node: GatewayNode) => Promise<void>;
  readonly closeAdmin: () => void;
}

/**
 * The newer side of a hand-over. Its workers serve beside the older ones before anything is asked for; then the older
 * supervisor lets go of lock, lease and admin address; and when this one acts, the older one drains.
 * @throws CutoverError why it does not take over: the older one serves on, and acts again if it had let go
 */
export async function takeOver(options: TakeOverOptions): Promise<GatewayNode> {
  const { config, claim, log } = options;
  const from = findPredecessor(claim);
  log('info', `taking over from process ${from.pid} (build ${from.build})`);
  if (claim.forced) log('warn', `--take-over: whatever the build of process ${from.pid} is`);
  const startReason = `took over from process ${from.pid} (build ${from.build})`;
  const node = await GatewayNode.beside(config, { ...options.node, startReason }, from.pid);
  options.opened(node);
  try {
    await node.startBeside();
    await succeed(node, from, options);
    return node;
  } catch (error) {
    // Clients are served by these workers by now: nobody is cut because of what went wrong here.
    options.closeAdmin();
    await node.standDown();
    await node.drain();
    throw error;
  }
}

async function succeed(node: GatewayNode, from: Predecessor, options: TakeOverOptions): Promise<void> {
  const { claim, who } = options;
  await askOrWait(from, options);
  const lock = await lockWhenFree(from, options);
  try {
    await node.act(lock);
  } catch (error) {
    lock.release();
    throw error;
  }
  await node.keepKillSwitch();
  await openAdminWhenFree(node, options);
  node.succeed();
  node.hub.event({
    type: 'hand_over',
    outcome: 'taken',
    pid: process.pid,
    build: claim.build.name,
    from: { pid: from.pid, build: from.build },
    forced: claim.forced,
    who,
  });
}

/** One that drains or has died gives its lock back with its end. @throws CutoverError when it refuses and goes on */
async function askOrWait(
  from: Predecessor,
  { claim, who, note, log, config, stopped }: TakeOverOptions,
): Promise<void> {
  try {
    await askToLetGo(claim, from, who, note.started);
  } catch (error) {
    const leaves = error instanceof CutoverError && error.code === 'DRAINING';
    if (!leaves && isAlive(from)) throw error;
    log('warn', `process ${from.pid} did not let go, it ends: ${messageOf(error)}`);
    const drainMs = Math.max(from.drainMs ?? 0, config.gateway.timeouts.drainMs);
    const untilMs = monotonicMs() + drainMs + LIMITS.drainGraceMs;
    let stopping = false;
    void stopped.then(() => (stopping = true));
    while (isAlive(from) && monotonicMs() < untilMs) {
      if (stopping) throw toldToStop(from);
      await pause();
    }
  }
}

async function lockWhenFree(from: Predecessor, { claim, note }: TakeOverOptions): Promise<FileLock> {
  const untilMs = monotonicMs() + LIMITS.handOverMs / 2;
  for (;;) {
    const lock = tryLockRunDir(runPaths(claim.runDir), note);
    if (lock !== null) return lock;
    if (monotonicMs() > untilMs) {
      const message = `process ${from.pid} let go and the lock of the run directory is not free`;
      throw new CutoverError('HAND_OVER', message, { hint: 'see who acts: cutover status' });
    }
    await pause();
  }
}

async function openAdminWhenFree(node: GatewayNode, { openAdmin }: TakeOverOptions): Promise<void> {
  const untilMs = monotonicMs() + LIMITS.handOverMs / 2;
  for (;;) {
    try {
      return await openAdmin(node);
    } catch (error) {
      const taken = error instanceof CutoverError && error.code === 'PORT_TAKEN';
      if (!taken || monotonicMs() > untilMs) throw error;
    }
    await pause();
  }
}

async function pause(): Promise<void> {
  await new Promise((done) => setTimeout(done, LIMITS.handOverPollMs));
}

function toldToStop({ pid }: Predecessor): CutoverError {
  return new CutoverError('STOPPED', `told to stop while it waited for process ${pid} to end`, {
    hint: 'nobody acts once that one has ended; start it again: cutover run',
  });
}
