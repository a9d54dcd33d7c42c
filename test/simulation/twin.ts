import { decide } from '../../src/rollout/gates/decide.ts';
import type { GateInput } from '../../src/rollout/gates/decide.ts';
import { addWindow, noEvidence } from '../../src/rollout/gates/evidence.ts';
import type { Evidence } from '../../src/rollout/gates/evidence.ts';
import type { GatePlan } from '../../src/rollout/gates/plan.ts';
import type { GateReport } from '../../src/rollout/gates/types.ts';
import type { RolloutState } from '../../src/rollout/state.ts';
import type { Window } from '../../src/telemetry/types.ts';
import { nameOf } from './shelf.ts';
import type { Shelf } from './shelf.ts';

/**
 * What the gates of one process should know: the windows that were stored when it read them, and behind them those that it
 * completed itself. It folds them anew, and asks the gates itself.
 */
export class Twin {
  private readonly shelf: Shelf;
  private epoch = 0;
  private stored: readonly Window[] = [];
  private own: Window[] = [];
  private folded: { readonly windows: readonly Window[]; readonly evidence: Evidence } | null = null;

  constructor(shelf: Shelf) {
    this.shelf = shelf;
  }

  /** A window is complete. @param epoch in which the rollout is */
  learn(window: Window, epoch: number): void {
    this.turnTo(epoch);
    if (window.epoch === epoch) this.own.push(window);
  }

  /** What is stored of this epoch was read. */
  recall(epoch: number): void {
    this.turnTo(epoch);
    const own = new Set(this.own.map(nameOf));
    this.stored = this.shelf.ofEpoch(epoch).filter((window) => !own.has(nameOf(window)));
    this.folded = null;
  }

  /** The evidence of the epoch in which the rollout is. */
  evidence(epoch: number, plan: GatePlan): Evidence {
    this.turnTo(epoch);
    const windows = [...this.stored, ...this.own];
    const before = this.folded;
    // What was folded already is a beginning of this, as long as nothing came in front of it.
    const begun = before !== null && before.windows.every((window, index) => window === windows[index]);
    let evidence = begun ? before.evidence : noEvidence(epoch);
    for (const window of windows.slice(begun ? before.windows.length : 0)) {
      const { gates, windowMs } = plan;
      evidence = addWindow(evidence, window, gates.differences, windowMs, gates.noise);
    }
    this.folded = { windows, evidence };
    return evidence;
  }

  /** Asks the gates about it. */
  judge(state: RolloutState, asked: Omit<GateInput, 'state' | 'evidence'>): GateReport {
    const evidence = this.evidence(state.epoch, asked.plan);
    return decide({ ...asked, state, evidence });
  }

  /** SHA-256 of the evidence, as the gates tell it. */
  hash(state: RolloutState, asked: Omit<GateInput, 'state' | 'evidence'>): string {
    // At the end nothing is judged any more: the hash is all that this costs.
    return this.judge({ ...state, phase: 'retired' }, asked).evidenceHash;
  }

  private turnTo(epoch: number): void {
    if (epoch === this.epoch) return;
    this.epoch = epoch;
    this.stored = [];
    this.own = [];
    this.folded = null;
  }
}
