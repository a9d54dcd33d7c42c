import { hostname } from 'node:os';
import type { CompiledConfig } from '../config/compile.ts';
import { loadConfig } from '../config/load.ts';
import { renderProblems } from '../config/render.ts';
import { wallMs } from '../core/clock.ts';
import type { CutoverEvent } from '../core/events.ts';
import { LIMITS } from '../core/limits.ts';
import type { Authored } from '../rollout/command.ts';
import { refuse } from '../rollout/command.ts';
import type { ApplyResult, OperatorCommand } from '../rollout/controller-types.ts';
import { Controller } from '../rollout/controller.ts';
import type { StateStore, TelemetryStore } from '../rollout/ports.ts';
import type { HistoryEntry, RolloutState } from '../rollout/state.ts';
import { rolloutView } from '../rollout/view.ts';
import type { Window } from '../telemetry/types.ts';
import type { Publisher } from './publisher.ts';
import { adoptable } from './reload.ts';
import { TailThresholds } from './tail-thresholds.ts';

export interface SteeringOptions {
  readonly configFile: string;
  readonly config: CompiledConfig;
  readonly build: string;
  readonly state: StateStore;
  readonly telemetry: TelemetryStore;
  readonly publisher: Publisher;
  readonly event: (event: CutoverEvent) => void;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
}

/** What the workers run on: configuration and rollout, and every change of them, published as one snapshot. */
export class Steering {
  config: CompiledConfig;
  /** Revision of the newest snapshot that only moved tail thresholds: no news for anybody. */
  quietRevision = 0;
  private readonly options: SteeringOptions;
  private readonly thresholds = new TailThresholds();
  private controller: Controller | null = null;
  /** A loaded configuration that takes effect with the state of the same hash. */
  private next: CompiledConfig | null = null;
  private reloads: Promise<unknown> = Promise.resolve();

  private constructor(options: SteeringOptions) {
    this.options = options;
    this.config = options.config;
  }

  /** Reads the rollout and publishes the first snapshot. @throws CutoverError when the store cannot be used */
  static async open(options: SteeringOptions): Promise<Steering> {
    const steering = new Steering(options);
    const { config, build, state, telemetry, log } = options;
    await steering.thresholds.recall(telemetry, wallMs(), config.plan.windowMs);
    steering.controller = await Controller.open(state, {
      plan: config.plan,
      configHash: config.gateway.hash,
      build,
      // Whoever holds the lock of this run directory succeeds the supervisor that held it before: the lease of a
      // killed one passes on at once, with a new fence, instead of running out.
      holder: `${hostname()} ${config.node.runDir}`,
      publish: (changed) => steering.publish(changed),
      log: (message) => log('warn', message),
    });
    steering.publish(steering.state);
    return steering;
  }

  /** The rollout in effect here, stored or not. */
  get state(): RolloutState {
    return this.opened.state;
  }

  /** The audit and the state of the store. */
  get opened(): Controller {
    if (this.controller === null) throw new Error('the rollout was not opened');
    return this.controller;
  }

  /** Carries out a command and tells everybody. */
  async apply(command: OperatorCommand): Promise<ApplyResult> {
    const before = this.state;
    const result = await this.opened.apply(command);
    const event = result.ok ? eventOf(result.entry, before) : null;
    if (event !== null) this.options.event(event);
    return result;
  }

  /**
   * Reads the configuration again: the whole of it, or nothing. Keys that need a restart keep their old values
   * and are named in the reason of the entry.
   */
  async reload(author: Authored): Promise<ApplyResult> {
    const result = this.reloads.then(() => this.reloadNow(author));
    this.reloads = result.catch(() => undefined);
    return await result;
  }

  /** Takes a completed window in; thresholds that moved are published. */
  learn(window: Window): void {
    const { publisher } = this.options;
    const settled = publisher.inEffect;
    if (!this.thresholds.add(window)) return;
    this.publish(this.state);
    if (settled) this.quietRevision = publisher.current.revision;
  }

  async close(): Promise<void> {
    await this.reloads;
    await this.controller?.close();
  }

  private async reloadNow(author: Authored): Promise<ApplyResult> {
    const { configFile, build, event, log } = this.options;
    const loaded = loadConfig(configFile);
    if (!loaded.ok) {
      event({ type: 'config', hash: '', accepted: false, problems: loaded.problems.length });
      const text = renderProblems(loaded.problems);
      log('error', text);
      return refuse(
        2,
        'CONFIG_INVALID',
        `the old configuration stays in force:\n${text}`,
        `cutover check -c ${configFile}`,
      );
    }
    const { config, needRestart } = adoptable(this.config, loaded.config);
    const { hash } = config.gateway;
    this.next = config;
    const reason = withRestart(author.reason, needRestart);
    const result = await this.opened.reload(
      { verb: 'reload', who: author.who, reason, configHash: hash, build },
      config.plan,
    );
    this.next = null;
    if (result.ok) event({ type: 'config', hash, accepted: true, problems: 0 });
    if (result.ok && needRestart.length > 0)
      log('warn', `these keys need a restart: ${needRestart.join(', ')}`);
    return result;
  }

  private publish(state: RolloutState): void {
    if (this.next !== null && this.next.gateway.hash === state.configHash) this.config = this.next;
    const { gateway, plan } = this.config;
    this.options.publisher.publish(gateway, rolloutView(state, plan, this.thresholds.tauUs));
  }
}

/** What subscribers hear of an entry of the audit. */
function eventOf(entry: HistoryEntry, before: RolloutState): CutoverEvent | null {
  const { who, reason } = entry;
  switch (entry.verb) {
    case 'advance':
    case 'rollback':
      return { type: 'transition', from: entry.from?.phase ?? before.phase, to: entry.to.phase, who, reason };
    case 'bypass':
    case 'bypass_off':
      return { type: 'kill_switch', on: entry.verb === 'bypass', who, reason };
    case 'start':
    case 'pause':
    case 'resume':
    case 'reload':
      return null;
  }
}

function withRestart(reason: string, keys: readonly string[]): string {
  if (keys.length === 0) return reason;
  const note = `needs a restart: ${keys.join(', ')}`;
  return (reason === '' ? note : `${note}; ${reason}`).slice(0, LIMITS.reasonChars);
}
