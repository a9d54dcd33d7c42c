import type { StampedEvent } from '../core/events.ts';
import type {
  AdvanceCommand,
  Authored,
  Refusal,
  RollbackCommand,
  SwitchCommand,
} from '../rollout/command.ts';
import type { Applied } from '../rollout/controller-types.ts';
import type { Effect } from './publisher.ts';
import type { ConfigurationVersion } from './schema/configuration-version.ts';
import type { DifferenceDetail, Differences } from './schema/differences.ts';
import type { HandOverAnswer, HandOverBody } from './schema/commands.ts';
import type { Measured } from './schema/gate-input.ts';
import type { History } from './schema/history.ts';
import type { Proof } from './schema/proof.ts';
import type { Status } from './schema/status.ts';
import type { ConfigurationSource } from './steering.ts';

/** A command as it comes in: what the gates say, and whether legacy serves, is never for a client to say. */
export type AdminCommand =
  | Omit<AdvanceCommand, 'legacyServes' | 'gate' | 'legacyErrorRate'>
  | RollbackCommand
  | SwitchCommand;

/** What a command came to, and whether the workers follow it yet. */
export type CommandResult =
  | (Applied &
      Effect & { /** Keys that a reload could not change. */ readonly needRestart: readonly string[] })
  | Refusal;

/**
 * What the admin API serves. The supervisor composes it; the server knows HTTP and nothing of the rollout.
 * A CutoverError thrown here is answered with its code, hint and exit code; anything else as `INTERNAL`.
 */
export interface AdminBackend {
  status(): Promise<Status>;
  /** The status with everything its verdict was made of. */
  measured(): Promise<Measured>;
  apply(command: AdminCommand): Promise<CommandResult>;
  /** Reads the configuration again and applies it. @throws CutoverError NO_CONFIGURATION for an entry without one */
  reload(author: Authored, from: ConfigurationSource): Promise<CommandResult>;
  /** Lets go for the process that asks. @throws CutoverError HAND_OVER when this supervisor does not act or drains */
  handOver(body: HandOverBody): Promise<HandOverAnswer>;
  /** @param limit entries at the most, the newest */
  history(limit: number): Promise<History>;
  /** The configuration that an entry of the audit brought into force; null: none, or it is not kept. */
  configuration(sequence: number): Promise<ConfigurationVersion | null>;
  /** What an entry of the audit was decided on; null: nothing is kept of it. */
  proof(sequence: number): Promise<Proof | null>;
  /** @param limit classes at the most, the most frequent */
  differences(limit: number): Promise<Differences>;
  /** Null: no such class. */
  difference(id: string): Promise<DifferenceDetail | null>;
  /** Prometheus text exposition. */
  metrics(): string;
  /** The gateway serves with a configuration in effect, and does not drain. */
  ready(): boolean;
  /**
   * Calls the listener for every event with a sequence above `after`, those of the past first, in order.
   * @param after null: only what happens from now on
   * @returns ends the subscription; the listener is not called again
   */
  subscribe(after: number | null, listener: (event: StampedEvent) => void): () => void;
}
