import { messageOf } from '../core/errors.ts';
import type { CutoverEvent } from '../core/events.ts';
import { LIMITS } from '../core/limits.ts';
import type { RollbackCommand } from '../rollout/command.ts';
import type { ApplyResult } from '../rollout/controller-types.ts';
import { decide } from '../rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../rollout/gates/evidence.ts';
import type { Evidence } from '../rollout/gates/evidence.ts';
import type { GatePlan } from '../rollout/gates/plan.ts';
import type { SiemReading } from '../rollout/gates/siem.ts';
import type { GateReport } from '../rollout/gates/types.ts';
import type { TelemetryStore } from '../rollout/ports.ts';
import type { RolloutState } from '../rollout/state.ts';
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
  /** Takes back what failed. */
  readonly rollback: (command: RollbackCommand) => Promise<ApplyResult>;
  readonly event: (event: CutoverEvent) => void;
  readonly log: (level: 'warn', message: string) => void;
}

/**
 * Observes, decides, acts: adds each complete window to the evidence of the epoch, has it judged by the pure
 * {@link decide}, and on an abort rolls back by itself. Everything else waits for a person.
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
    const { state, plan, critical, nowMs } = this.options;
    return decide({
      state: state(),
      plan: plan(),
      evidence: this.current(),
      critical: critical(),
      nowMs: nowMs(),
      complete: this.unread?.epoch !== state().epoch,
      ...(this.siem === null ? {} : { siem: this.siem }),
    });
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
    const { state, plan, nowMs, log } = this.options;
    const { epoch, epochSinceMs } = state();
    const unread = (this.unread ??= { epoch, meanwhile: [], reading: false });
    if (unread.reading || unread.epoch !== epoch) return;
    unread.reading = true;
    try {
      const stored: Window[] = [];
      for await (const window of store.readWindows(epochSinceMs - plan().windowMs, nowMs())) {
        if (window.epoch === epoch) stored.push(window);
      }
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

  /** One rollback at a time; what is refused is tried again with the next window, if it still holds then. */
  private async act(report: GateReport): Promise<void> {
    if (report.action === null || this.acting) return;
    this.acting = true;
    try {
      const result = await this.options.rollback(commandOf(report, report.action));
      if (!result.ok) this.options.log('warn', `the automatic rollback was refused: ${result.message}`);
    } catch (error) {
      this.options.log('warn', `the automatic rollback failed: ${messageOf(error)}`);
    } finally {
      this.acting = false;
    }
  }
}

/** What tells one window of an epoch from all others. */
function nameOf({ id, keeper }: Window): string {
  return `${id} ${keeper}`;
}

function commandOf(
  { reason, message, epoch, evidenceHash }: GateReport,
  { to, region }: NonNullable<GateReport['action']>,
): RollbackCommand {
  const why = `${reason}: ${message}`.slice(0, LIMITS.reasonChars);
  const command = { verb: 'rollback', who: AUTHOR, reason: why, ifEpoch: epoch, evidenceHash } as const;
  return region === null ? { ...command, to } : { ...command, to: null, region };
}
