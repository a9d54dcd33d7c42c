import { messageOf } from '../core/errors.ts';
import type { CutoverEvent } from '../core/events.ts';
import { LIMITS } from '../core/limits.ts';
import type { Authored } from '../rollout/command.ts';
import type { ApplyResult, OperatorCommand } from '../rollout/controller-types.ts';
import { decide } from '../rollout/gates/decide.ts';
import type { GateInput } from '../rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../rollout/gates/evidence.ts';
import type { Evidence } from '../rollout/gates/evidence.ts';
import type { GatePlan } from '../rollout/gates/plan.ts';
import type { SiemReading } from '../rollout/gates/siem.ts';
import type { GateReport } from '../rollout/gates/types.ts';
import type { TelemetryStore } from '../rollout/ports.ts';
import { printable } from '../core/printable.ts';
import type { HistoryEntry, RolloutState } from '../rollout/state.ts';
import type { Window } from '../telemetry/types.ts';

/** Author of what the gates do by themselves. */
const AUTHOR = 'gate';

export interface GateKeeperOptions {
  /** The rollout in effect, and how it is configured. */
  readonly state: () => RolloutState;
  readonly plan: () => GatePlan;
  /** Names of the critical routes. */
  readonly critical: () => readonly string[];
  readonly nowMs: () => number;
  /** The newest entry of the audit. */
  readonly entry?: () => HistoryEntry;
  /** Takes back what failed, or moves on where the configuration says so. */
  readonly apply: (command: OperatorCommand) => Promise<ApplyResult>;
  readonly event: (event: CutoverEvent) => void;
  readonly log: (level: 'warn', message: string) => void;
}

/**
 * Observes, decides, acts: adds each complete window to the evidence of the epoch, has it judged by the pure
 * {@link decide}, rolls back by itself on an abort, and moves on by itself where a phase is left automatically. Everything
 * else waits for a person.
 */
export class GateKeeper {
  private readonly options: GateKeeperOptions;
  private evidence: Evidence = noEvidence(0);
  private said = '';
  private acting = false;
  /** What the SIEM said last; null: it is not asked. */
  private siem: readonly SiemReading[] | null = null;
  private retry: (() => Promise<void>) | null = null;
  /** Of an earlier supervisor's windows, while they are read or could not be: their epoch, and what came meanwhile. */
  private unread: { readonly epoch: number; readonly meanwhile: Window[]; reading: boolean } | null = null;

  constructor(options: GateKeeperOptions) {
    this.options = options;
  }

  /** The gates of where the rollout stands, now. */
  report(): GateReport {
    return this.judged().gate;
  }

  /** The gates of this moment with everything that they are made of. */
  judged(): { readonly input: GateInput; readonly gate: GateReport } {
    const input = this.input();
    return { input, gate: decide(input) };
  }

  /** Everything that {@link report} is made of, now. */
  input(): GateInput {
    const { state, plan, critical, nowMs } = this.options;
    return {
      state: state(),
      plan: plan(),
      evidence: this.current(),
      critical: critical(),
      nowMs: nowMs(),
      complete: this.unread?.epoch !== state().epoch,
      ...(this.siem === null ? {} : { siem: this.siem }),
    };
  }

  /** Share of legacy's answers that were bad in this epoch; null: it gave too few to tell. */
  get legacyErrorRate(): number | null {
    const legacy = this.current().requests.filter(({ lane }) => lane === 'legacy');
    const requests = legacy.reduce((sum, tally) => sum + tally.requests, 0);
    if (requests < LIMITS.errorRateRequests) return null;
    return legacy.reduce((sum, tally) => sum + tally.bad, 0) / requests;
  }

  /**
   * Goes on where an earlier supervisor stopped, or this process before a take-over that failed: the windows of this
   * epoch are in the store. What comes meanwhile counts at once, and is counted again behind them: evidence is looked at
   * in the order of time, and no window counts twice. Never throws; what could not be read is read again.
   */
  async recall(store: TelemetryStore): Promise<void> {
    const { state, plan, log } = this.options;
    const { epoch, epochSinceMs } = state();
    const unread = (this.unread ??= { epoch, meanwhile: [], reading: false });
    if (unread.reading || unread.epoch !== epoch) return;
    unread.reading = true;
    try {
      const stored: Window[] = [];
      // A clock that was set back put windows of this epoch before its beginning, or leaves them in the future.
      const fromMs = epochSinceMs - plan().windowMs - LIMITS.recallClockMs;
      for await (const window of store.readWindows(fromMs, Number.MAX_SAFE_INTEGER)) {
        if (window.epoch === epoch) stored.push(window);
      }
      // The rollout moved on meanwhile: these windows say nothing of what is counted by now.
      if (state().epoch !== epoch) return this.forget(unread);
      const came = new Set(unread.meanwhile.map(nameOf));
      this.unread = null;
      this.evidence = noEvidence(epoch);
      const before = stored.filter((window) => !came.has(nameOf(window)));
      for (const window of [...before, ...unread.meanwhile]) this.add(window);
    } catch (error) {
      unread.reading = false;
      log('warn', `the evidence of this epoch could not be read, so nothing advances: ${messageOf(error)}`);
      this.retry = () => this.recall(store);
    }
  }

  private forget(unread: NonNullable<GateKeeper['unread']>): void {
    if (this.unread === unread) this.unread = null;
  }

  /** Takes a complete window in, and acts on it. */
  learn(window: Window): void {
    void this.readAgain();
    this.add(window);
    this.look();
  }

  /** Takes in what the SIEM says about each region, and acts on it at once: an alert does not wait for a window. */
  hear(readings: readonly SiemReading[]): void {
    this.siem = readings;
    this.look();
  }

  private look(): void {
    const report = this.report();
    this.tell(report);
    void this.act(report);
  }

  private add(window: Window): void {
    const evidence = this.current();
    if (window.epoch !== evidence.epoch) return;
    const meanwhile = this.unread?.epoch === window.epoch ? this.unread.meanwhile : null;
    if (meanwhile !== null && meanwhile.length < LIMITS.windowsUnsaved) meanwhile.push(window);
    const { gates, windowMs } = this.options.plan();
    this.evidence = addWindow(evidence, window, gates.differences, windowMs, gates.noise);
  }

  private async readAgain(): Promise<void> {
    const { retry } = this;
    this.retry = null;
    if (this.unread?.epoch === this.options.state().epoch) await retry?.();
    else this.unread = null;
  }

  /** What was counted under another epoch is no evidence of this one. */
  private current(): Evidence {
    const { epoch } = this.options.state();
    if (this.evidence.epoch !== epoch) this.evidence = noEvidence(epoch);
    return this.evidence;
  }

  private tell({ verdict, reason, message, phase, epoch }: GateReport): void {
    const said = `${epoch} ${verdict} ${reason}`;
    if (said === this.said) return;
    this.said = said;
    this.options.event({ type: 'gate', verdict, reason, message, phase, epoch });
  }

  /** One command at a time; what is refused is tried again with the next window, if it still holds then. */
  private async act(report: GateReport): Promise<void> {
    const command = commandOf(report, this.options.state(), this.options.entry?.());
    if (command === null || this.acting) return;
    const name = command.verb === 'advance' ? 'the automatic advance' : 'the automatic rollback';
    this.acting = true;
    try {
      const result = await this.options.apply(command);
      if (!result.ok) this.options.log('warn', `${name} was refused: ${result.message}`);
    } catch (error) {
      this.options.log('warn', `${name} failed: ${messageOf(error)}`);
    } finally {
      this.acting = false;
    }
  }
}

/** What tells one window of an epoch from all others. */
function nameOf({ id, keeper }: Window): string {
  return `${id} ${keeper}`;
}

/**
 * What a report makes the gates do, or null: nothing. What was taken back is not led on by itself until somebody did
 * something about it: another configuration, an advance or `resume`.
 */
function commandOf(
  report: GateReport,
  state: RolloutState,
  entry: HistoryEntry | undefined,
): OperatorCommand | null {
  if (report.action !== null) return rollbackOf(report, report.action);
  return movesOn(report, state) && entry?.verb !== 'rollback' ? advanceOf(report) : null;
}

/** Ready, and nobody has to be asked: neither for approval nor because the rollout is paused or in bypass. */
function movesOn({ verdict, next, automatic, approval }: GateReport, state: RolloutState): boolean {
  return verdict === 'ready' && next !== null && automatic && !approval && !state.paused && !state.bypass;
}

function rollbackOf(report: GateReport, { to, region }: NonNullable<GateReport['action']>): OperatorCommand {
  const { epoch, evidenceHash } = report;
  const command = { verb: 'rollback', ...authorOf(report), ifEpoch: epoch, evidenceHash } as const;
  return region === null ? { ...command, to } : { ...command, to: null, region };
}

/** The controller asks the gates again when its turn has come: what is not ready then does not move. */
function advanceOf(report: GateReport): OperatorCommand {
  const { phase, step } = report.next ?? report;
  return { verb: 'advance', ...authorOf(report), to: { phase, step }, force: false, legacyServes: true };
}

function authorOf({ reason, message }: GateReport): Authored {
  // The audit takes no control characters, and a rollback must not be refused for the name of a route.
  const why = printable(`${reason}: ${message}`).slice(0, LIMITS.reasonChars);
  return { who: AUTHOR, reason: why.toWellFormed() };
}
