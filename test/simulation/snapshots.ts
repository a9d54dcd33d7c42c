import { PHASES } from '../../src/core/snapshot.ts';
import type { RolloutView, Snapshot } from '../../src/core/snapshot.ts';
import type { Audit } from './audit.ts';
import { isRaised, sharesAt, sharesOf } from './exposure.ts';
import type { World } from './world.ts';

/** What one process publishes, looked at before any worker gets it. */
export class Snapshots {
  private readonly world: World;
  private readonly audit: Audit;
  private last: Snapshot | null = null;
  /** States that are in effect and not stored, as they were published. */
  private readonly unstored = new Set<string>();
  /** The newest epoch of the store that was published. */
  private newestEpoch = 0;

  constructor(world: World, audit: Audit) {
    this.world = world;
    this.audit = audit;
  }

  look(snapshot: Snapshot): void {
    const { world, audit } = this;
    const { revision, rollout: view } = snapshot;
    const before = this.last?.revision ?? 0;
    world.hold('versions-grow', revision === before + 1, () => `snapshot ${revision} after ${before}`);
    const nobody = Object.values(view.shares).every((share) => share === 0) && view.canary.length === 0;
    world.hold(
      'bypass-holds',
      !view.bypass || nobody,
      () => 'the kill switch is on, and somebody gets the candidate',
    );
    if (audit.knows(view)) this.isNewer(view.epoch);
    else if (!this.unstored.has(keyOf(view))) this.isRelief(view);
    this.last = snapshot;
  }

  private isNewer(epoch: number): void {
    const { newestEpoch } = this;
    this.world.hold(
      'versions-grow',
      epoch >= newestEpoch,
      () => `epoch ${epoch} published after ${newestEpoch}`,
    );
    this.newestEpoch = Math.max(newestEpoch, epoch);
  }

  /** Not in the store: it may only take clients away from what was shown before, or is stored. */
  private isRelief(view: RolloutView): void {
    const { world, audit, last } = this;
    const stored = audit.newest?.state ?? { phase: 'shadow' as const, shares: {} };
    const [shown, phase] =
      last === null ? [sharesAt(stored), stored.phase] : [sharesOf(last.rollout), last.rollout.phase];
    const raised = isRaised(shown, sharesOf(view));
    world.hold(
      'share-within-plan',
      raised === null,
      () => `what is not stored gives ${raised} more of the candidate`,
    );
    // Under the kill switch nobody gets the candidate, whatever the phase is called.
    const forward = !view.bypass && PHASES.indexOf(view.phase) > PHASES.indexOf(phase);
    world.hold('audited', !forward, () => `${view.phase} was published and is not in the audit`);
    this.unstored.add(keyOf(view));
  }
}

function keyOf({ epoch, phase, bypass, shares }: RolloutView): string {
  return JSON.stringify([epoch, phase, bypass, shares]);
}
