import type { NotifiedEvent } from '../core/events.ts';
import type { AdminRole } from '../core/admin-role.ts';
import type { JwtFilterConfig } from '../core/token-policy.ts';
import type { CanaryMatch, ClientAuth, NameRule } from '../core/snapshot.ts';

/**
 * The rollout as it is configured. It has everything of `RolloutPlan` in the room rollout, which stands to the
 * right and reads it by its shape; what is beyond that is kept for the gates.
 */
export interface ConfiguredPlan {
  /** Names the build behind the candidate's servers, or null: another one starts the evidence anew. */
  readonly candidateVersion: string | null;
  readonly windowMs: number;
  readonly shadow: LeftWhen & { readonly sample: number };
  readonly canary: LeftWhen & {
    readonly match: readonly CanaryMatch[];
    /** Canary requests that each critical route has to show. */
    readonly minRequests: number;
  };
  readonly regional: LeftWhen & {
    readonly steps: readonly { readonly region: string; readonly share: number }[];
  };
  readonly enforce: { readonly reverseSample: number; readonly dwellMs: number };
  readonly gates: GateMargins;
  /** Age up to which an answer of the SIEM counts; it says nothing about evidence. */
  readonly siemFreshMs?: number;
}

/** When a phase, or each of its steps, is left. */
interface LeftWhen {
  readonly dwellMs: number;
  readonly maxDurationMs: number;
  /** A person must agree. */
  readonly approval: boolean;
  /** The gates move on by themselves. */
  readonly automatic: boolean;
}

/** Excess that is tolerated, as fractions, and the least evidence. */
export interface GateMargins {
  /** Pairs that each direction has to show before anything counts as proven. */
  readonly minPairs: number;
  /** `auto`: the larger of 0.1 percentage points and half of legacy's rate in the phase before. */
  readonly errorRate: number | 'auto';
  readonly tail: number;
  readonly differences: number;
  /** Legacy is compared with itself (`rollout.shadow.noise`): differences are judged on triples. */
  readonly noise?: boolean;
  /** Share of windows that may have a burst of errors; `auto`: 1 %, and half of it in `regional`. */
  readonly badWindows: number | 'auto';
  /** What of the SIEM's alerts is a breach; not there where nobody asks for them. */
  readonly siem?: SiemMargins;
}

/** One receiver of webhooks: never part of the hash. */
export interface NotifyReceiver {
  /** Its path may be a secret: for people there is `originOf`. */
  readonly url: string;
  /** As they are written (`whsec_…`): the one in use, then the one before. */
  readonly secrets: readonly string[];
  readonly events: readonly NotifiedEvent[];
  readonly timeoutMs: number;
  readonly giveUpAfterMs: number;
}

/** `rollout.gates.siem`. */
export interface SiemMargins {
  readonly minAlerts: number;
  readonly ratio: number;
  readonly level: number;
  readonly atOnce: number;
  readonly enforce: boolean;
}

/** What the SIEM is told, and what it is asked. */
export interface SiemConfig {
  readonly events: {
    /** Absolute path. */
    readonly file: string;
    readonly heartbeatMs: number;
    readonly maxBytes: number;
    readonly keep: number;
  } | null;
  readonly indexer: {
    /** Scheme, host and port. */
    readonly url: string;
    /** Major version of Wazuh. */
    readonly version: 4 | 5;
    /** Index pattern, or null for the usual one of the version. */
    readonly index: string | null;
    readonly username: string;
    readonly password: string;
    /** Text of the authorities (PEM); null: the system's. */
    readonly ca: string | null;
    readonly lagMs: number;
    readonly spanMs: number;
    readonly intervalMs: number;
    readonly timeoutMs: number;
  } | null;
}

/** Somebody who may ask through the remote admin API: by a token, a name in a verified certificate, or a JWT. */
export interface AdminPrincipal {
  readonly name: string;
  readonly role: AdminRole;
  /** SHA-256 of the token, lower-case hex: the token itself is not kept. */
  readonly tokenHash: string | null;
  readonly certificate: NameRule | null;
  /** What a JSON web token of it has to be. */
  readonly policy: JwtFilterConfig | null;
}

/** The admin API for other machines. */
export interface RemoteAdmin {
  readonly host: string;
  readonly port: number;
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** Null: nobody is asked for a certificate. */
  readonly client: ClientAuth | null;
  /** In their order: the first that fits is who asks. */
  readonly principals: readonly AdminPrincipal[];
}

/** What concerns this node alone: never part of the hash. */
export interface NodeConfig {
  readonly workers: number;
  /** Resident memory of one worker, above which it is replaced. */
  readonly workerMemoryBytes: number;
  /** Absolute path. */
  readonly runDir: string;
  readonly admin: {
    readonly host: string;
    readonly port: number;
    /** The admin API for other machines; null: there is none. */
    readonly remote: RemoteAdmin | null;
  };
  readonly store: {
    /** Absolute path of the database. */
    readonly file: string;
    readonly windowsMs: number;
    readonly examplesMs: number;
    readonly maxBytes: number;
  };
  readonly siem: SiemConfig | null;
  /** The files of the configuration are looked at, and read again when they changed. */
  readonly watch: boolean;
}
