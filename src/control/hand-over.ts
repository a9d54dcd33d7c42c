import { monotonicMs } from '../core/clock.ts';
import { CutoverError, messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { FileLock } from '../store/sqlite/lock.ts';
import { readSupervisor } from './lock.ts';
import type { NotedSupervisor } from './lock.ts';
import type { GatewayNode } from './node.ts';
import { isSameProcess } from './process-identity.ts';
import { runPaths } from './run-dir.ts';
import type { HandOverAnswer, HandOverBody } from './schema/commands.ts';

export interface HandOverOptions {
  readonly node: GatewayNode;
  readonly runDir: string;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** Takes the lock of the run directory back; null when another one has it. */
  readonly lock: () => FileLock | null;
  readonly closeAdmin: () => void;
  readonly openAdmin: () => Promise<void>;
  /** This supervisor was told to stop. */
  readonly stopped: Promise<void>;
}

/**
 * The older side of a hand-over. It lets go of lock, lease, admin address and store when a newer supervisor asks for
 * it, and serves on until that one acts. When that does not happen it takes everything back: there is one acting
 * supervisor or none for a moment, and never two, because nobody acts without the lock and the lease.
 */
export class HandOver {
  /** Resolves when another supervisor acts: this one is to drain. */
  readonly taken: Promise<void>;
  private readonly options: HandOverOptions;
  private readonly take = Promise.withResolvers<void>();
  private watching: Promise<void> | null = null;
  private successor: NotedSupervisor | null = null;
  private stopping = false;
  private complained = '';

  constructor(options: HandOverOptions) {
    this.options = options;
    this.taken = this.take.promise;
    void options.stopped.then(() => (this.stopping = true));
  }

  /** A supervisor that cannot let go now. */
  static refusal(why: string, code = 'HAND_OVER'): CutoverError {
    return new CutoverError(code, `process ${process.pid} does not let go: ${why}`, {
      hint: 'try again, or stop it: it drains',
      exitCode: 5,
    });
  }

  /** @throws CutoverError HAND_OVER, or DRAINING when this supervisor ends anyway */
  async letGo(to: HandOverBody): Promise<HandOverAnswer> {
    const { node, log, closeAdmin } = this.options;
    if (this.stopping || node.workers.stopping) throw HandOver.refusal('it drains', 'DRAINING');
    if (this.watching !== null) throw HandOver.refusal('another process takes over from it already');
    if (node.steering.opened.health.unstored > 0 || node.hub.storeTrouble !== null)
      throw HandOver.refusal('the store has not taken everything that is in effect here');
    log(
      'info',
      `process ${to.pid} (build ${to.build}) serves and takes over, asked by ${to.who}: letting go`,
    );
    const standDown = node.standDown();
    // From here on the other one is watched, whatever happens to its connection.
    this.watching = standDown.then(() => this.watch(to)).finally(() => (this.watching = null));
    await standDown;
    closeAdmin();
    return { schemaVersion: 1, pid: process.pid, build: node.build };
  }

  /** Says so when the one that took over has died since: nobody acts then, and this one no longer can. */
  successorDied(): boolean {
    const { successor } = this;
    if (successor === null || lives(successor)) return false;
    const message = `process ${successor.pid}, which took over, has died: nobody acts. Start it again: cutover run`;
    this.options.log('error', message);
    return true;
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    this.stopping = true;
    await this.watching;
  }

  private async watch(to: HandOverBody): Promise<void> {
    const untilMs = monotonicMs() + LIMITS.handOverMs;
    while (!this.stopping) {
      await new Promise((done) => setTimeout(done, LIMITS.handOverPollMs));
      const acting = readSupervisor(runPaths(this.options.runDir));
      if (acting !== null && acting.pid !== process.pid && acting.admin !== null && lives(acting)) {
        this.successor = acting;
        this.options.log(
          'info',
          `process ${acting.pid} (build ${acting.note?.build ?? to.build}) took over: draining`,
        );
        return this.take.resolve();
      }
      const waits = isSameProcess(to.pid, to.started) && monotonicMs() < untilMs;
      if (!waits && (await this.takeBack(to))) return;
    }
  }

  /** @returns false when it cannot be had now: it is tried again */
  private async takeBack(to: HandOverBody): Promise<boolean> {
    const { node, lock: takeLock, openAdmin } = this.options;
    const lock = takeLock();
    if (lock === null) return this.complain('no supervisor acts: the lock is held by one that does not');
    try {
      await node.act(lock);
    } catch (error) {
      lock.release();
      return this.complain(`no supervisor acts, and this one cannot yet: ${messageOf(error)}`);
    }
    await node.keepKillSwitch();
    node.takePathsBack();
    node.hub.event({
      type: 'hand_over',
      outcome: 'taken_back',
      pid: process.pid,
      build: node.build,
      from: { pid: to.pid, build: to.build },
      forced: false,
      who: to.who,
    });
    await openAdmin().catch((error: unknown) =>
      this.options.log('error', `the admin API is closed: ${messageOf(error)}`),
    );
    return true;
  }

  private complain(message: string): false {
    if (message !== this.complained) this.options.log('error', message);
    this.complained = message;
    return false;
  }
}

/** A note outlives a process that was killed. */
function lives({ pid, note }: NotedSupervisor): boolean {
  return note === null || isSameProcess(pid, note.started);
}
