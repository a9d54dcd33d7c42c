import type { StampedEvent } from '../core/events.ts';
import { messageOf } from '../core/errors.ts';
import { redactConfig } from '../config/compile.ts';
import type { Authored } from '../rollout/command.ts';
import type { ApplyResult } from '../rollout/controller-types.ts';
import { decide } from '../rollout/gates/decide.ts';
import type { GateInput } from '../rollout/gates/decide.ts';
import { exposition } from '../telemetry/exposition.ts';
import type { Window } from '../telemetry/types.ts';
import type { AdminBackend, AdminCommand, CommandResult } from './admin-backend.ts';
import { EventFeed } from './event-feed.ts';
import type { GatewayNode } from './node.ts';
import { differenceOf, differencesOf, hitsOf } from './differences.ts';
import type { Judging } from './differences.ts';
import type { DifferenceDetail, Differences } from './schema/differences.ts';
import type { ConfigurationVersion } from './schema/configuration-version.ts';
import { keepGateInput } from './schema/gate-input.ts';
import type { Measured } from './schema/gate-input.ts';
import type { History } from './schema/history.ts';
import { proofSchema } from './schema/proof.ts';
import type { Proof } from './schema/proof.ts';
import type { Status } from './schema/status.ts';
import { statusOf } from './status-view.ts';
import type { ConfigurationSource } from './steering.ts';
import { changesSince, versionOf } from './versions.ts';

/** What the admin API serves, put together from the parts of the node. */
export class NodeBackend implements AdminBackend {
  private readonly node: GatewayNode;
  /** Pairs compared in windows that were stored before this supervisor started. */
  private comparedBefore = 0;
  readonly handOver: AdminBackend['handOver'];

  /** @param letGo the older side of a hand-over */
  constructor(node: GatewayNode, letGo: AdminBackend['handOver']) {
    this.node = node;
    this.handOver = letGo;
  }

  /** Adds up what earlier supervisors stored: for display, so it may take its time. */
  async recall(log: (message: string) => void): Promise<void> {
    try {
      const { startedAtMs, store } = this.node;
      let compared = 0;
      for await (const window of store.telemetry.readWindows(0, startedAtMs)) compared += comparedIn(window);
      this.comparedBefore = compared;
    } catch (error) {
      log(`the pairs of earlier runs could not be counted: ${messageOf(error)}`);
    }
  }

  async status(): Promise<Status> {
    return this.statusFor(this.node.steering.gates.input());
  }

  async measured(): Promise<Measured> {
    const { gates, config } = this.node.steering;
    const input = gates.input();
    // No secret that a plan ever learns to hold leaves this process with it.
    const gateInput = keepGateInput({ ...input, plan: redactConfig(config).plan });
    return { schemaVersion: 1, status: this.statusFor(input), gateInput };
  }

  /** Status and gates of one moment. */
  private statusFor(input: GateInput): Status {
    const { steering, publisher, hub, workers } = this.node;
    return statusOf({
      atMs: input.nowMs,
      build: this.node.build,
      startedAtMs: this.node.startedAtMs,
      state: steering.state,
      plan: steering.config.plan,
      gate: decide(input),
      gateway: steering.config.gateway,
      ports: workers.ports,
      revision: publisher.current.revision,
      inEffect: publisher.inEffect,
      total: hub.ofEpoch(steering.state.epoch),
      windows: hub.windows,
      classes: hub.classes,
      lostClasses: hub.lostClasses,
      places: workers.places,
      store: this.store(),
    });
  }

  async apply(command: AdminCommand): Promise<CommandResult> {
    return await this.inEffect(await this.carryOut(command), []);
  }

  async reload(author: Authored, from: ConfigurationSource): Promise<CommandResult> {
    const { result, needRestart } = await this.node.steering.reload(author, from);
    return await this.inEffect(result, needRestart);
  }

  /** Waits for the workers, as long as they have. */
  private async inEffect(result: ApplyResult, needRestart: readonly string[]): Promise<CommandResult> {
    return result.ok ? { ...result, ...(await this.node.publisher.effect()), needRestart } : result;
  }

  private async carryOut(command: AdminCommand): Promise<ApplyResult> {
    const { steering, killSwitch } = this.node;
    const { who, reason } = command;
    switch (command.verb) {
      case 'bypass':
        return await killSwitch.on({ who, reason });
      case 'bypass_off':
        return await killSwitch.off({ who, reason });
      case 'advance':
        // The controller asks the gates, and whether legacy serves, when the command's turn has come.
        return await steering.apply({ ...command, legacyServes: true });
      case 'rollback':
      case 'pause':
      case 'resume':
        return await steering.apply(command);
    }
  }

  async proof(sequence: number): Promise<Proof | null> {
    const text = await this.node.steering.opened.proof(sequence);
    return text === null ? null : proofSchema.parse(JSON.parse(text));
  }

  async history(limit: number): Promise<History> {
    const { steering, store } = this.node;
    const { intact, total, entries } = await steering.opened.history(limit);
    const configurations = await changesSince(store.state, entries[0]?.sequence ?? 0);
    return { schemaVersion: 1, intact, total, entries: [...entries], configurations };
  }

  async configuration(sequence: number): Promise<ConfigurationVersion | null> {
    return versionOf(sequence, await this.node.steering.opened.configuration(sequence));
  }

  async differences(limit: number): Promise<Differences> {
    const { hub, store } = this.node;
    const classes = await store.telemetry.readClasses(limit);
    const compared = this.comparedBefore + comparedIn(hub.total);
    const total = Math.max(hub.classes, classes.length);
    return differencesOf(classes, { compared, total, lost: hub.lostClasses }, this.judging());
  }

  async difference(id: string): Promise<DifferenceDetail | null> {
    const found = await this.node.store.telemetry.readClass(id);
    if (found === null) return null;
    return differenceOf(found, this.node.steering.config.gateway, this.judging());
  }

  private judging(): Judging {
    const { hub, steering } = this.node;
    const { epoch } = steering.state;
    const { plan, gateway } = steering.config;
    const judged = { evidence: hub.evidence.of(epoch), margin: plan.gates.differences };
    return { ...judged, rules: gateway.rules ?? [], ...hitsOf(hub.ofEpoch(epoch)) };
  }

  metrics(): string {
    const { build, startedAtMs, steering, publisher, hub, workers } = this.node;
    const { phase, bypass, epoch } = steering.state;
    const { inEffect } = publisher;
    const { revision } = publisher.current;
    const { counts: notifications } = this.node.notifier;
    const rollout = { phase, bypass, epoch, revision, inEffect, notifications };
    const siem = steering.siem?.counts ?? null;
    return exposition({ build, startedAtMs, ...rollout, siem, window: hub.total, workers: workers.alive });
  }

  ready(): boolean {
    return this.node.ready;
  }

  subscribe(after: number | null, listener: (event: StampedEvent) => void): () => void {
    const { hub, store } = this.node;
    const feed = new EventFeed(hub.events, store.telemetry, listener);
    feed.start(after);
    return () => feed.stop();
  }

  private store(): Status['store'] {
    const { health } = this.node.steering.opened;
    const trouble = this.node.hub.storeTrouble;
    return { mode: trouble === null ? health.store : 'down', message: trouble ?? health.message };
  }
}

function comparedIn(window: Window | null): number {
  return (window?.copies ?? []).reduce((sum, { outcomes }) => sum + outcomes.compared, 0);
}
