import { hashed } from '../config/compile.ts';
import type { CompiledConfig } from '../config/compile.ts';
import { LIMITS } from '../core/limits.ts';
import type { DifferenceRule } from '../core/rules.ts';
import type { Authored } from '../rollout/command.ts';
import type { ApplyResult } from '../rollout/controller-types.ts';

const MS_PER_MINUTE = 60_000;
/** Rules that a reason names; further ones are a number. */
const NAMED = 3;

export interface RuleExpiryOptions {
  /** The configuration in force. */
  readonly config: () => CompiledConfig;
  /** Puts one into force, after whatever is under way. */
  readonly adopt: (
    change: (running: CompiledConfig) => CompiledConfig,
    author: Authored,
  ) => Promise<ApplyResult>;
  readonly nowMs: () => number;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/**
 * Takes rules out of force whose last day is over: the diff threads stopped applying them at that moment, so that what
 * is measured from then on belongs to another epoch. The file is not read: what else was changed in it waits for its
 * reload.
 */
export class RuleExpiry {
  private readonly options: RuleExpiryOptions;
  private readonly timer: NodeJS.Timeout;
  private busy = false;
  private againMs = 0;

  constructor(options: RuleExpiryOptions) {
    this.options = options;
    this.timer = setInterval(() => void this.look(), LIMITS.ruleLookMs).unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  /** Looks now. Resolves when what it began is done; it throws nothing. */
  async look(): Promise<void> {
    const { config, nowMs, log } = this.options;
    const over = rulesOver(config(), nowMs());
    if (over.length === 0 || this.busy || nowMs() < this.againMs) return;
    this.busy = true;
    try {
      await this.end(over);
    } catch (error) {
      log('warn', `rules that are over stay in force: ${String(error)}`);
      this.againMs = nowMs() + MS_PER_MINUTE;
    } finally {
      this.busy = false;
    }
  }

  private async end(over: readonly DifferenceRule[]): Promise<void> {
    const { adopt, nowMs, log } = this.options;
    const reason = reasonOf(over);
    const atMs = nowMs();
    const result = await adopt((running) => withoutRules(running, rulesOver(running, atMs)), {
      who: 'config',
      reason,
    });
    if (!result.ok) throw new Error(result.message);
    log('warn', `${reason}: a new epoch begins`);
  }
}

/** Rules in force whose last day is over. */
function rulesOver({ gateway }: CompiledConfig, nowMs: number): DifferenceRule[] {
  return (gateway.rules ?? []).filter(({ expiresMs }) => expiresMs !== null && expiresMs <= nowMs);
}

function withoutRules(config: CompiledConfig, over: readonly DifferenceRule[]): CompiledConfig {
  const ids = new Set(over.map(({ id }) => id));
  const rules = (config.gateway.rules ?? []).filter(({ id }) => !ids.has(id));
  return hashed({ ...config, gateway: { ...config.gateway, rules } });
}

function reasonOf(over: readonly DifferenceRule[]): string {
  const named = over.slice(0, NAMED).map(({ path, id, expiresMs }) => {
    const lastDay = new Date((expiresMs ?? 1) - 1).toISOString().slice(0, 10);
    return `the rule ${id} (${path}) ended on ${lastDay}`;
  });
  const more = over.length > NAMED ? [`so did ${over.length - NAMED} more`] : [];
  return [...named, ...more].join(', ');
}
