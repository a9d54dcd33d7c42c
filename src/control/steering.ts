import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { CompiledConfig } from '../config/compile.ts';
import { redactConfig } from '../config/compile.ts';
import { loadConfig } from '../config/load.ts';
import type { LoadResult } from '../config/load.ts';
import { renderProblems } from '../config/render.ts';
import { wallMs } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import type { CutoverEvent, StampedEvent } from '../core/events.ts';
import type { Authored, Command } from '../rollout/command.ts';
import { refuse } from '../rollout/command.ts';
import type { ApplyResult, ControllerOptions, OperatorCommand } from '../rollout/controller-types.ts';
import { leaseHeld } from '../rollout/controller-answers.ts';
import { Controller } from '../rollout/controller.ts';
import type { GateInput } from '../rollout/gates/decide.ts';
import type { GateReport } from '../rollout/gates/types.ts';
import { comparePositions } from '../rollout/position.ts';
import type { StateStore, TelemetryStore } from '../rollout/ports.ts';
import type { HistoryEntry, RolloutPlan, RolloutState } from '../rollout/state.ts';
import { rolloutView } from '../rollout/view.ts';
import type { Window } from '../telemetry/types.ts';
import type { Publisher } from './publisher.ts';
import { GateKeeper } from './gate-keeper.ts';
import { adoptable } from './reload.ts';
import { proofText } from './schema/proof.ts';
import { SiemDesk, siemNodeName } from './siem-desk.ts';
import { RuleExpiry } from './rule-expiry.ts';
import { TailThresholds } from './tail-thresholds.ts';
import { UnstoredFile } from './unstored-file.ts';

export interface SteeringOptions {
  readonly configFile: string;
  /** See `ControllerOptions`. */
  readonly startReason?: string;
  readonly config: CompiledConfig;
  /** Reads the configuration again; `configFile` if left out. */
  readonly load?: () => LoadResult;
  /** What the controller gets in the place of this process's clock, chance, name and run directory. */
  readonly controller?: Partial<ControllerOptions>;
  readonly build: string;
  readonly state: StateStore;
  readonly telemetry: TelemetryStore;
  readonly publisher: Publisher;
  readonly event: (event: CutoverEvent) => void;
  /** Follows every event of this gateway, for the SIEM; absent: it hears of windows alone. */
  readonly subscribe?: (listener: (event: StampedEvent) => void) => () => void;
  /** Whether legacy answered a client lately; true when nobody knows. */
  readonly legacyServes: () => boolean;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** Of rules that end; the clock of this machine when left out. */
  readonly nowMs?: () => number;
}

/** What a reload came to. */
export interface Reloaded {
  readonly result: ApplyResult;
  /** Keys of the file that differ and keep their old value until a restart. */
  readonly needRestart: readonly string[];
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
  private published: RolloutState | null = null;
  /** Rules end while nobody reloads. */
  readonly expiry: RuleExpiry;

  /** What the evidence of this epoch says. */
  readonly gates: GateKeeper;

  /** What this gateway has to do with a SIEM; null: nothing. */
  siem: SiemDesk | null = null;

  private constructor(options: SteeringOptions) {
    this.options = options;
    this.config = options.config;
    this.gates = new GateKeeper({
      state: () => this.state,
      plan: () => this.config.plan,
      critical: () => this.criticalRoutes(),
      nowMs: wallMs,
      entry: () => this.opened.unchanged().entry,
      apply: (command) => this.ofGates(command),
      event: options.event,
      log: options.log,
    });
    this.expiry = new RuleExpiry({
      config: () => this.config,
      adopt: (change, author) => this.inTurn(() => this.adopt(change(this.config), author)),
      nowMs: options.nowMs ?? wallMs,
      log: options.log,
    });
  }

  /** An advance with what the gates say at this moment, and what they say it from. */
  private asked(command: Command): Command {
    if (command.verb !== 'advance') return command;
    const { legacyErrorRate } = this.gates;
    const { input, gate } = this.gates.judged();
    const asked = { ...command, legacyServes: this.options.legacyServes(), gate, ...this.proof(input, gate) };
    return legacyErrorRate === null ? asked : { ...asked, legacyErrorRate };
  }

  /** What the gates do by themselves, with what they do it on. */
  private async ofGates(command: OperatorCommand): Promise<ApplyResult> {
    if (command.verb !== 'rollback') return await this.apply(command);
    const { input, gate } = this.gates.judged();
    return await this.apply({ ...command, ...this.proof(input, gate) });
  }

  /** The proof as it is stored; nothing where it would be larger than what is kept. */
  private proof(input: GateInput, gate: GateReport): { readonly proof?: string } {
    const { build, log } = this.options;
    // No secret that a plan ever learns to hold leaves this process with it.
    const proof = proofText(build, { ...input, plan: redactConfig(this.config).plan }, gate);
    if (proof.length <= LIMITS.proofChars) return { proof };
    log(
      'warn',
      `what this move is decided on is not stored with it: it is larger than ${LIMITS.proofChars} characters`,
    );
    return {};
  }

  private criticalRoutes(): string[] {
    return this.config.gateway.candidate.routes.filter(({ critical }) => critical).map(({ name }) => name);
  }

  /**
   * Reads the rollout and publishes the first snapshot.
   * @throws CutoverError when the store cannot be used, LEASE_HELD when another gateway acts on it
   */
  static async open(options: SteeringOptions): Promise<Steering> {
    const steering = new Steering(options);
    const { config, build, state, telemetry, log, startReason } = options;
    await steering.thresholds.recall(telemetry, wallMs(), config.plan.windowMs);
    steering.controller = await Controller.open(state, {
      plan: config.plan,
      configHash: config.gateway.hash,
      build,
      ...(startReason === undefined ? {} : { startReason }),
      // Whoever holds the lock of this run directory succeeds the supervisor that held it before: the lease of a
      // killed one passes on at once, with a new fence, instead of running out.
      holder: `${hostname()} ${config.node.runDir}`,
      publish: (changed, plan) => steering.publish(changed, plan),
      ask: (command) => steering.asked(command),
      log: (message) => log('warn', message),
      unstoredLog: new UnstoredFile(config.node.runDir, (message) => log('error', message)),
      ...options.controller,
    });
    if (!steering.opened.health.leads) {
      await steering.close();
      throw leaseHeld();
    }
    steering.publish(steering.state);
    steering.siem = steering.openSiem();
    void steering.gates.recall(telemetry);
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
    const event = result.ok && result.changed ? eventOf(result.entry, before) : null;
    if (event !== null) this.options.event(event);
    return result;
  }

  /** Reads the configuration again: the whole of it, or nothing. Keys that need a restart keep their old values. */
  async reload(author: Authored): Promise<Reloaded> {
    return await this.inTurn(() => this.reloadNow(author));
  }

  /** One change of the configuration after the other. */
  private async inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.reloads.then(change);
    this.reloads = result.catch(() => undefined);
    return await result;
  }

  /** Takes a completed window in: the gates judge it, and thresholds that moved are published. */
  learn(window: Window): void {
    this.gates.learn(window);
    this.siem?.learn(window);
    const { publisher } = this.options;
    const settled = publisher.inEffect;
    if (!this.thresholds.add(window)) return;
    this.publish(this.state);
    if (settled) this.quietRevision = publisher.current.revision;
  }

  async close(): Promise<void> {
    this.expiry.close();
    await this.reloads;
    await this.siem?.close();
    await this.controller?.close();
  }

  private openSiem(): SiemDesk | null {
    const { build, subscribe = () => () => {}, log } = this.options;
    const { siem } = this.config.node;
    if (siem === null) return null;
    return new SiemDesk({
      siem,
      node: siemNodeName(this.config.node),
      build,
      state: () => this.state,
      plan: () => this.config.plan,
      subscribe,
      hear: (readings) => this.gates.hear(readings),
      log,
    });
  }

  private async reloadNow(author: Authored): Promise<Reloaded> {
    const { configFile, event, log } = this.options;
    const loaded = this.options.load?.() ?? loadConfig(configFile);
    if (!loaded.ok) {
      event({ type: 'config', hash: '', accepted: false, problems: loaded.problems.length });
      const text = renderProblems(loaded.problems);
      log('error', text);
      const message = `the old configuration stays in force:\n${text}`;
      const result = refuse(2, 'CONFIG_INVALID', message, `cutover check -c ${configFile}`);
      return { result, needRestart: [] };
    }
    const { config, needRestart } = adoptable(this.config, loaded.config);
    const result = await this.adopt(config, author);
    if (result.ok && needRestart.length > 0)
      log('warn', `these keys need a restart: ${needRestart.join(', ')}`);
    return { result, needRestart };
  }

  /** Puts a configuration into effect, unless it is in effect already. */
  private async adopt(config: CompiledConfig, { who, reason }: Authored): Promise<ApplyResult> {
    const { build, event } = this.options;
    const { hash } = config.gateway;
    const same = isDeepStrictEqual(config, this.config) && this.state.configHash === hash;
    if (same) return this.opened.unchanged();
    this.next = config;
    const result = await this.opened.reload(
      { verb: 'reload', who, reason, configHash: hash, build },
      config.plan,
    );
    this.next = null;
    if (result.ok) event({ type: 'config', hash, accepted: true, problems: 0 });
    return result;
  }

  /** @param decidedBy the plan that the controller goes by: its hash does not tell a configuration with other steps */
  private publish(state: RolloutState, decidedBy: RolloutPlan = this.config.plan): void {
    const { next } = this;
    if (next?.plan === decidedBy && next.gateway.hash === state.configHash) this.config = next;
    const { gateway, plan } = this.config;
    const relief = this.published !== null && takesAway(this.published, state);
    this.published = state;
    this.options.publisher.publish(gateway, rolloutView(state, plan, this.thresholds.tauUs), relief);
  }
}

/**
 * Whether a state leaves fewer clients to the candidate than the one before. Where it had none, a worker that is slow
 * to hear of it does no harm and is not killed for it.
 */
export function takesAway(before: RolloutState, after: RolloutState): boolean {
  if (before.bypass || before.phase === 'shadow') return false;
  const withdrew = after.withdrawn.some((region) => !before.withdrawn.includes(region));
  return (after.bypass && !before.bypass) || withdrew || comparePositions(after, before) < 0;
}

/** What subscribers hear of an entry of the audit. */
function eventOf(entry: HistoryEntry, before: RolloutState): CutoverEvent | null {
  const { who, reason } = entry;
  switch (entry.verb) {
    case 'advance':
    case 'rollback':
      return {
        type: 'transition',
        from: entry.from?.phase ?? before.phase,
        to: entry.to.phase,
        fromStep: entry.from?.step ?? before.step,
        toStep: entry.to.step,
        region: entry.region,
        who,
        reason,
      };
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
