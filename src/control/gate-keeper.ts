import { messageOf } from '../core/errors.ts';
import type { CutoverEvent } from '../core/events.ts';
import { incarnation } from '../core/ids.ts';
import { LIMITS } from '../core/limits.ts';
import type { RollbackCommand } from '../rollout/command.ts';
import type { ApplyResult } from '../rollout/controller-types.ts';
import { decide } from '../rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../rollout/gates/evidence.ts';
import type { Evidence } from '../rollout/gates/evidence.ts';
import type { GatePlan } from '../rollout/gates/plan.ts';
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
  /** Windows of an earlier supervisor are still being read. */
  private recalling = false;

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
      complete: !this.recalling,
    });
  }

  /** Share of legacy's answers that were bad in this epoch; null: it gave none. */
  get legacyErrorRate(): number | null {
    const legacy = this.current().requests.filter(({ lane }) => lane === 'legacy');
    const requests = legacy.reduce((sum, tally) => sum + tally.requests, 0);
    return requests === 0 ? null : legacy.reduce((sum, tally) => sum + tally.bad, 0) / requests;
  }

  /** Goes on where an earlier supervisor stopped: the windows of this epoch are in the store. Never throws. */
  async recall(store: TelemetryStore): Promise<void> {
    const { state, plan, nowMs, log } = this.options;
    const fromMs = state().epochSinceMs - plan().windowMs;
    this.recalling = true;
    try {
      for await (const window of store.readWindows(fromMs, nowMs())) {
        if (!window.keeper.startsWith(incarnation)) this.add(window);
      }
      this.recalling = false;
    } catch (error) {
      log('warn', `the evidence of this epoch could not be read, so nothing advances: ${messageOf(error)}`);
    }
  }

  /** Takes a complete window in, and acts on it. */
  learn(window: Window): void {
    this.add(window);
    const report = this.report();
    this.tell(report);
    void this.act(report);
  }

  private add(window: Window): void {
    const evidence = this.current();
    if (window.epoch !== evidence.epoch) return;
    this.evidence = addWindow(evidence, window, this.options.plan().gates.differences);
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

function commandOf(
  { reason, message, epoch, evidenceHash }: GateReport,
  { to, region }: NonNullable<GateReport['action']>,
): RollbackCommand {
  const why = `${reason}: ${message}`.slice(0, LIMITS.reasonChars);
  const command = { verb: 'rollback', who: AUTHOR, reason: why, ifEpoch: epoch, evidenceHash } as const;
  return region === null ? { ...command, to } : { ...command, to: null, region };
}
