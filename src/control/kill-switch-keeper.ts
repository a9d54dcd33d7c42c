import { messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { isPrintable } from '../rollout/command.ts';
import type { ApplyResult } from '../rollout/controller-types.ts';
import { isKillSwitchOn, liftKillSwitch, readKillSwitch, throwKillSwitch } from './kill-switch.ts';
import type { KillSwitch } from './kill-switch.ts';

export interface KillSwitchKeeperOptions {
  readonly runDir: string;
  /** Whether the rollout's state says that the switch is on. */
  readonly isOn: () => boolean;
  /** Records it in the rollout. */
  readonly apply: (verb: 'bypass' | 'bypass_off', by: KillSwitch) => Promise<ApplyResult>;
  readonly log: (message: string) => void;
}

/**
 * Keeps the kill switch's file and the rollout in step while a supervisor runs. In doubt the switch is on: a file
 * that appeared turns the rollout's on; a file that vanished is written again, because only `bypass --off`
 * leaves a line in the history.
 */
export class KillSwitchKeeper {
  private readonly options: KillSwitchKeeperOptions;
  private queue: Promise<unknown> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;
  private complained = '';

  constructor(options: KillSwitchKeeperOptions) {
    this.options = options;
  }

  /** Brings both in step now, then keeps looking. */
  async start(): Promise<void> {
    await this.look();
    this.timer = setInterval(() => void this.look(), LIMITS.killSwitchPollMs);
  }

  /** The file first, because it needs no store, then the record, which takes effect also when the file failed. */
  async on(by: KillSwitch): Promise<ApplyResult> {
    return await this.enqueue(async () => {
      const written = throwKillSwitch(this.options.runDir, by);
      const problem = await written.then(() => null, messageOf);
      const result = await this.options.apply('bypass', by);
      if (problem === null) return result;
      this.options.log(problem);
      if (!result.ok) return { ...result, message: `${result.message}; ${problem}` };
      return { ...result, warnings: [...result.warnings, problem] };
    });
  }

  /** The record first: a file that is taken away too early would let traffic through without one. */
  async off(by: KillSwitch): Promise<ApplyResult> {
    return await this.enqueue(async () => {
      const result = await this.options.apply('bypass_off', by);
      if (result.ok) await liftKillSwitch(this.options.runDir);
      return result;
    });
  }

  /** Looks at the file once, after what is under way. Never throws. */
  async look(): Promise<void> {
    await this.enqueue(() => this.sync()).catch((error: unknown) => this.complain(messageOf(error)));
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.queue.catch(() => undefined);
  }

  private async sync(): Promise<void> {
    const { runDir, isOn, apply } = this.options;
    const file = await isKillSwitchOn(runDir);
    if (file === null || file === isOn()) return;
    if (!file) {
      await throwKillSwitch(runDir, { who: 'supervisor', reason: 'the rollout says that it is on' });
      return;
    }
    const result = await apply('bypass', forAudit((await readKillSwitch(runDir)) ?? NOBODY));
    if (!result.ok) this.complain(`the kill switch's file could not be recorded: ${result.message}`);
  }

  private complain(message: string): void {
    if (message !== this.complained) this.options.log(message);
    this.complained = message;
  }

  private enqueue<T>(job: () => Promise<T>): Promise<T> {
    const result = this.queue.then(job);
    this.queue = result.catch(() => undefined);
    return result;
  }
}

const NOBODY: KillSwitch = { who: 'unknown', reason: '' };

/** Anybody may have written the file: what the audit would refuse must not keep the switch from being recorded. */
function forAudit({ who, reason }: KillSwitch): KillSwitch {
  const trimmed = who.trim().slice(0, LIMITS.whoChars);
  return {
    who: trimmed !== '' && isPrintable(trimmed) ? trimmed : NOBODY.who,
    reason: isPrintable(reason) ? reason : 'unreadable',
  };
}
