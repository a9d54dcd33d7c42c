import { wallMs } from '../core/clock.ts';
import { CutoverError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { randomHex, systemRandom } from '../core/random.ts';
import { refuse } from './command.ts';
import type { Command, Refusal, ReloadCommand } from './command.ts';
import { isRelief, leaseHeld, leaseLost, notReached, offlineRefusal } from './controller-answers.ts';
import type {
  Ahead,
  Applied,
  ApplyResult,
  ControllerHealth,
  ControllerOptions,
  HistoryPage,
  OperatorCommand,
} from './controller-types.ts';
import { ROLLOUT_KEY } from './codec.ts';
import { chain, verifyChain } from './history.ts';
import { Ledger, StoreDownError } from './ledger.ts';
import type { Appended, Decision, Stored } from './ledger.ts';
import type { Entry, StateStore, WatchHandler } from './ports.ts';
import type { HistoryEntry, RolloutPlan, RolloutState } from './state.ts';
import { proofOf } from './gated.ts';
import { transition } from './transition.ts';
import { gives } from './view.ts';
import { rebase, UnstoredList } from './unstored.ts';
import type { Unstored } from './unstored.ts';

const AUTHOR = 'controller';

/**
 * The shell of the rollout: one command at a time goes through the pure {@link transition}, into the store as
 * one guarded commit of state and audit, and out by `publish`. A store that is down stops every advance; a
 * rollback or the kill switch takes effect here all the same and is stored when the store is back.
 */
export class Controller {
  private readonly ledger: Ledger;
  private readonly store: StateStore;
  private readonly options: ControllerOptions;
  private readonly stop = new AbortController();
  private readonly nowMs: () => number;
  private readonly newId: () => string;
  private plan: RolloutPlan;
  private wanted: { readonly configHash: string; readonly build: string };
  private base: Stored | null = null;
  private readonly unstored: UnstoredList;
  private generation = '';
  private trouble: string | null = null;
  private doubtful = false;
  private published: RolloutState | null = null;
  /** A decision in effect that the store has not taken yet; nothing else is published meanwhile. */
  private ahead: Ahead | null = null;
  private opened = false;
  private ticking = false;
  private queue: Promise<unknown> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;

  private constructor(store: StateStore, options: ControllerOptions) {
    this.store = store;
    this.options = options;
    this.ledger = new Ledger(store, options.holder, options.leaseMs);
    this.plan = options.plan;
    this.wanted = { configHash: options.configHash, build: options.build };
    this.nowMs = options.nowMs ?? wallMs;
    this.newId = options.newId ?? (() => randomHex(16));
    this.unstored = new UnstoredList(options.unstoredLog ?? null, (line) => options.log?.(line));
  }

  /**
   * Reads the rollout, starts one if there is none, takes in what an earlier process could not store, and notes
   * another configuration or build. Without the lease it follows whoever holds it. `publish` is not called: take
   * {@link state}.
   * @throws CutoverError STORE_DOWN, STORE_UNREADABLE, or LEASE_HELD when there is neither a state nor the lease
   */
  static async open(store: StateStore, options: ControllerOptions): Promise<Controller> {
    const controller = new Controller(store, options);
    try {
      controller.unstored.recall();
      await controller.settle();
      if (controller.base === null) throw leaseHeld();
    } catch (error) {
      await controller.close();
      return notReached(error);
    }
    controller.opened = true;
    controller.follow();
    return controller;
  }

  /** The state in effect here, stored or not. */
  get state(): RolloutState {
    return this.last.state;
  }

  get health(): ControllerHealth {
    return {
      leads: this.ledger.leads,
      unstored: this.unstored.list.length,
      store: this.trouble === null ? this.store.status().mode : 'down',
      message: this.trouble,
    };
  }

  /** Carries out one command, after those that were asked before it. It never throws for what a store does. */
  apply(command: OperatorCommand): Promise<ApplyResult> {
    return this.enqueue(() => this.carryOut(command));
  }

  /** Another configuration: a new epoch under a new plan, or a refusal that leaves the old one in force. */
  reload(command: ReloadCommand, plan: RolloutPlan): Promise<ApplyResult> {
    return this.enqueue(() => this.carryOut(command, plan));
  }

  /** What a command answers that finds everything as it asks for. */
  unchanged(): Applied {
    return { ok: true, changed: false, stored: this.unstored.list.length === 0, ...this.rest() };
  }

  /** The last `limit` entries, verified from the first one on. @throws CutoverError STORE_DOWN, STORE_UNREADABLE */
  async history(limit: number): Promise<HistoryPage> {
    const entries = await this.ledger.entries().catch(notReached);
    const page = entries.slice(Math.max(0, entries.length - limit));
    // A tail that was cut off leaves a chain that is sound in itself.
    const complete = entries.length >= (this.base?.state.sequence ?? 0);
    return { intact: complete && verifyChain(entries).intact, total: entries.length, entries: page };
  }

  /** What an entry of the audit was decided on, JSON, or null. @throws CutoverError STORE_DOWN */
  proof(sequence: number): Promise<string | null> {
    return this.ledger.proof(sequence).catch(notReached);
  }

  /** Renews the lease and stores what is not stored; a timer calls it. It never throws. */
  async tick(): Promise<void> {
    if (this.closed || this.ticking) return;
    this.ticking = true;
    this.unstored.retry();
    await this.ledger.renew().catch((error: unknown) => this.note(error));
    const settled = this.enqueue(async () => this.closed || (await this.settle()));
    await settled.catch((error: unknown) => this.note(error));
    this.ticking = false;
  }

  /** Finishes what runs, names what stays unstored and gives the lease back. */
  async close(): Promise<void> {
    this.stop.abort();
    if (this.timer !== null) clearInterval(this.timer);
    await this.queue.catch(() => undefined);
    this.unstored.sayLeft();
    await this.ledger.release();
  }

  private get closed(): boolean {
    return this.stop.signal.aborted;
  }

  private get last(): { readonly state: RolloutState; readonly entry: HistoryEntry } {
    return this.unstored.list.at(-1)?.decision ?? (this.base as Stored);
  }

  /** The part of an answer that says where things stand now. */
  private rest(): Pick<Applied, 'state' | 'entry' | 'survivesRestart' | 'warnings'> {
    const { survivesRestart, warnings } = this.unstored;
    return { state: this.last.state, entry: this.last.entry, survivesRestart, warnings };
  }

  private enqueue<T>(job: () => Promise<T>): Promise<T> {
    const result = this.queue.then(job);
    this.queue = result.catch(() => undefined);
    return result;
  }

  private follow(): void {
    const seen = (entries: readonly Entry[]): void => {
      const entry = entries.find(({ key }) => key === ROLLOUT_KEY);
      if (entry !== undefined) void this.enqueue(() => this.heard(entry)).catch((error) => this.note(error));
    };
    const handler: WatchHandler = {
      snapshot: (_rev, entries) => seen(entries),
      batch: (_rev, changes) =>
        seen(changes.flatMap((change) => (change.type === 'put' ? [change.entry] : []))),
      health: () => undefined,
    };
    this.store.watch('ctl/', handler, this.stop.signal);
    const tickMs = this.options.tickMs ?? LIMITS.controllerTickMs;
    if (tickMs > 0) this.timer = setInterval(() => void this.tick(), tickMs).unref();
  }

  private async heard(entry: Entry): Promise<void> {
    if (this.closed || entry.rev <= (this.base as Stored).rev) return;
    this.doubtful = true;
    await this.settle();
  }

  private async carryOut(command: Command, plan = this.plan): Promise<ApplyResult> {
    if (this.closed)
      return refuse(1, 'CLOSED', 'the gateway is shutting down', 'start it again: cutover run');
    try {
      this.ahead = this.publishAhead(command, plan);
      return await this.settleAndCommit(command, plan);
    } finally {
      this.ahead = null;
      this.announce();
    }
  }

  /**
   * What only takes clients away from the candidate does not wait for a store: it is in effect before it is
   * stored. When the store then refuses it, what the store holds is published again.
   */
  private publishAhead(command: Command, plan: RolloutPlan): Ahead | null {
    if (!isRelief(command) || this.base === null || !this.opened) return null;
    const from = this.state;
    const decision = this.decide(command, plan);
    if ('ok' in decision) return null;
    this.published = decision.state;
    this.options.publish(decision.state, plan);
    return { from, decision };
  }

  private async settleAndCommit(command: Command, plan: RolloutPlan): Promise<ApplyResult> {
    try {
      if (!(await this.settle())) return leaseLost();
    } catch (error) {
      return this.offline(command, error, this.aheadOfThis());
    }
    // What an advance is decided on is asked here, when its turn has come, and not when it was put in line.
    const asked = this.options.ask?.(command) ?? command;
    const decision = this.aheadOfThis() ?? this.decide(asked, plan);
    if ('ok' in decision) return decision;
    try {
      return await this.commit(decision, command, plan);
    } catch (error) {
      return this.offline(command, error, decision);
    }
  }

  /** The decision that was published ahead, if it still starts from the state in effect. */
  private aheadOfThis(): Decision | undefined {
    return this.ahead?.from === this.last.state ? this.ahead.decision : undefined;
  }

  private async commit(decision: Decision, command: Command, plan: RolloutPlan): Promise<ApplyResult> {
    const outcome = await this.write(decision);
    if (outcome === 'fenced') return leaseLost();
    if (outcome === 'moved') {
      return refuse(5, 'MOVED', 'somebody else changed the rollout meanwhile', 'cutover status');
    }
    if (outcome === 'unknown') {
      const error = new StoreDownError('it did not say whether it stored the change');
      return this.offline(command, error, decision);
    }
    this.plan = plan;
    this.wanted = { configHash: decision.state.configHash, build: decision.state.build };
    this.announce();
    return { ok: true, changed: true, stored: true, ...this.rest() };
  }

  /** One decision into the store, on top of what it is known to hold. @throws StoreDownError */
  private async write(decision: Decision): Promise<Appended['outcome']> {
    const appended = await this.ledger.append(decision, this.base?.rev ?? 0n);
    if (appended.outcome === 'stored') {
      this.base = { state: decision.state, entry: decision.entry, rev: appended.rev };
    } else if (appended.outcome === 'fenced') {
      this.ledger.dropLease();
    } else {
      this.doubtful = true;
    }
    return appended.outcome;
  }

  private decide(command: Command, plan: RolloutPlan): Decision | Refusal | Applied {
    const from = this.base === null ? null : this.last;
    const made = transition(from?.state ?? null, command, plan, this.nowMs());
    if (!made.ok) return made;
    if (made.entry === null) return this.unchanged();
    const entry = chain(from?.entry ?? null, made.entry);
    return { id: this.newId(), state: made.state, entry, proof: proofOf(command) };
  }

  /** The store is out of reach: only what takes clients away from the candidate may happen. */
  private offline(command: Command, error: unknown, made?: Decision): ApplyResult {
    this.note(error);
    if (this.base === null || !isRelief(command)) return offlineRefusal(this.trouble ?? '');
    const decision = made ?? this.decide(command, this.plan);
    if ('ok' in decision) return decision;
    this.unstored.add({ command, decision });
    this.announce();
    return { ok: true, changed: true, stored: false, ...this.rest() };
  }

  /**
   * Brings this node and the store together: lease, what others did, what is unstored, the configuration.
   * @returns whether this controller leads
   * @throws StoreDownError, CutoverError STORE_WENT_BACK, STORE_UNREADABLE
   */
  private async settle(): Promise<boolean> {
    try {
      const led = this.ledger.leads;
      const leads = await this.ledger.acquire();
      if (!led || !leads || this.doubtful || this.trouble !== null) await this.refresh();
      if (leads) await this.flush();
      this.trouble = null;
      if (leads) await this.align();
      return leads && this.ledger.leads;
    } finally {
      this.announce();
    }
  }

  /** Publishes the state in effect, once. */
  private announce(): void {
    if (this.base === null || this.ahead !== null || this.state === this.published) return;
    this.published = this.state;
    if (this.opened) this.options.publish(this.state, this.plan);
  }

  private async refresh(): Promise<void> {
    const stored = await this.ledger.read();
    const { generation } = this.store.status();
    const known = this.base?.state.sequence ?? 0;
    if ((stored?.state.sequence ?? 0) < known || (this.base !== null && generation !== this.generation)) {
      throw new CutoverError(
        'STORE_WENT_BACK',
        'the store holds less than was seen before: it was replaced',
        {
          hint: 'restore it, or restart the gateway to adopt what it holds now',
        },
      );
    }
    const rest = await this.notHeld();
    this.generation = generation;
    this.doubtful = false;
    if (stored?.rev === this.base?.rev && this.base !== null) return;
    this.base = stored;
    // Without a stored rollout one starts in shadow, which is as far back as any rollback goes.
    this.unstored.replace(stored === null ? [] : rebase(rest, stored, this.plan, this.newId));
  }

  /** What follows the newest unstored decision that the audit has after all. */
  private async notHeld(): Promise<readonly Unstored[]> {
    const { list } = this.unstored;
    for (let index = list.length - 1; index >= 0; index -= 1) {
      if (await this.ledger.holds((list[index] as Unstored).decision.entry)) return list.slice(index + 1);
    }
    return list;
  }

  private async flush(): Promise<void> {
    let moves = 0;
    while (this.unstored.list.length > 0) {
      const { decision } = this.unstored.list[0] as Unstored;
      const outcome = await this.write(decision);
      if (outcome === 'moved' && (moves += 1) < LIMITS.commitAttempts) {
        await this.refresh();
      } else if (outcome === 'stored') {
        this.unstored.shift();
        const { verb, who } = decision.entry;
        this.options.log?.(`stored the ${verb} of ${who}, made while the store was out of reach`);
      } else {
        throw new StoreDownError(`what is in effect here could not be stored (${outcome})`);
      }
    }
  }

  /** Starts the rollout, or opens a new epoch, when the store does not know this configuration and build. */
  private async align(): Promise<void> {
    const command = this.alignment(this.base?.state);
    if (command === null) return;
    const decision = this.decide(command, this.plan);
    if ('ok' in decision && decision.ok) return;
    if ('ok' in decision) throw new CutoverError(decision.code, decision.message, { hint: decision.hint });
    const outcome = await this.write(decision);
    if (outcome !== 'stored') throw new StoreDownError(`the start could not be stored (${outcome})`);
  }

  private alignment(state: RolloutState | undefined): Command | null {
    const { configHash, build } = this.wanted;
    if (state === undefined) {
      const salt = Math.floor((this.options.random ?? systemRandom).next() * 4_294_967_296);
      return { verb: 'start', who: AUTHOR, reason: 'first start', salt, configHash, build };
    }
    const fits = gives(state, this.plan);
    if (state.configHash === configHash && state.build === build && fits) return null;
    return {
      verb: 'reload',
      who: AUTHOR,
      reason: this.options.startReason ?? 'started with another configuration or build',
      configHash,
      build,
    };
  }

  private note(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (message !== this.trouble) this.options.log?.(`the store: ${message}`);
    this.trouble = message;
  }
}
