import { setTimeout as sleep } from 'node:timers/promises';
import type { AdminClient } from '../control/admin-client.ts';
import type { Status } from '../control/schema/status.ts';
import { LIMITS } from '../core/limits.ts';
import { positionName } from '../rollout/position.ts';
import type { Tell } from './happening.ts';
import type { GatesSeen } from './result-schema.ts';

/** Looks at the status all the while, tells what changed, and keeps the last gates of every epoch. */
export class Watcher {
  private readonly client: AdminClient;
  private readonly tell: Tell;
  private readonly gates = new Map<number, GatesSeen>();
  private readonly positions: string[] = [];
  private readonly classes = new Set<string>();
  private withdrawn: readonly string[] = [];
  private said = '';
  private readonly stopped = new AbortController();
  private looking = Promise.resolve();
  private readonly running: Promise<void>;

  /** Starts at once. */
  constructor(client: AdminClient, tell: Tell) {
    this.client = client;
    this.tell = tell;
    this.running = this.watch();
  }

  /** Looks now, after a look that is under way. */
  look(): Promise<void> {
    this.looking = this.looking.then(() => this.see());
    return this.looking;
  }

  /** Ends after a last look. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  /** The gates of every epoch that was seen, in their order. */
  gatesSeen(): GatesSeen[] {
    return [...this.gates.values()];
  }

  /** Every position in the order it was seen; one that was left within a look is missing. */
  positionsSeen(): readonly string[] {
    return this.positions;
  }

  private async watch(): Promise<void> {
    const { signal } = this.stopped;
    for (;;) {
      const last = signal.aborted;
      await this.look();
      if (last) return;
      await sleep(LIMITS.rehearsalPollMs, undefined, { signal }).catch(() => {});
    }
  }

  /** A gateway that does not answer in time is looked at again; one that has ended is noticed elsewhere. */
  private async see(): Promise<void> {
    const status = await this.client.status().catch(() => null);
    if (status === null) return;
    this.seePosition(status);
    this.seeGate(status);
    if (status.classes > this.classes.size) await this.seeClasses();
  }

  private seePosition({ rollout }: Status): void {
    const to = positionName(rollout);
    const from = this.positions.at(-1) ?? null;
    if (to !== from) {
      this.positions.push(to);
      this.tell({ kind: 'position', from, to });
    }
    for (const region of rollout.withdrawn)
      if (!this.withdrawn.includes(region)) this.tell({ kind: 'withdrawn', region });
    this.withdrawn = rollout.withdrawn;
  }

  private seeGate({ gate }: Status): void {
    const { epoch, verdict, reason, message } = gate;
    const before = this.gates.get(epoch);
    if (before === undefined && this.gates.size >= LIMITS.rehearsalEpochs) return;
    const verdicts = before?.verdicts ?? [];
    this.gates.set(epoch, {
      epoch,
      position: positionName(gate),
      verdicts: verdicts.at(-1) === verdict ? verdicts : [...verdicts, verdict],
      verdict,
      reason,
      message,
      report: gate,
    });
    const now = `${epoch} ${verdict} ${reason}`;
    if (now !== this.said) this.tell({ kind: 'gate', position: positionName(gate), gate });
    this.said = now;
  }

  private async seeClasses(): Promise<void> {
    const list = await this.client.differences(LIMITS.adminListItems).catch(() => null);
    for (const found of list?.classes ?? []) {
      if (this.classes.has(found.id)) continue;
      this.classes.add(found.id);
      this.tell({ kind: 'class', found });
    }
  }
}
