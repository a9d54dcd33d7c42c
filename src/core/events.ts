import type { Phase } from './snapshot.ts';

/** Something an operator or a SIEM wants to hear about, as it stands in the event stream. */
export type CutoverEvent =
  | {
      readonly type: 'transition';
      readonly from: Phase;
      readonly to: Phase;
      /** Indices of regional steps, 0 in every other phase. */
      readonly fromStep: number;
      readonly toStep: number;
      /** Null: the whole rollout; else the one region that was taken back or let in again. */
      readonly region: string | null;
      readonly who: string;
      readonly reason: string;
    }
  | {
      /** The verdict of the gates changed, or its reason. */
      readonly type: 'gate';
      readonly verdict: string;
      readonly reason: string;
      readonly message: string;
      readonly phase: Phase;
      readonly epoch: number;
    }
  | { readonly type: 'kill_switch'; readonly on: boolean; readonly who: string; readonly reason: string }
  | {
      readonly type: 'snapshot';
      readonly revision: number;
      readonly acknowledgedBy: number;
      readonly tookMs: number;
    }
  | { readonly type: 'snapshot_late'; readonly revision: number; readonly missing: readonly number[] }
  | { readonly type: 'worker_up'; readonly pid: number; readonly slot: number }
  | {
      readonly type: 'worker_down';
      readonly pid: number;
      readonly slot: number;
      readonly how: string;
      readonly retryInMs: number;
    }
  | { readonly type: 'orphan_drained'; readonly pid: number }
  | {
      readonly type: 'hand_over';
      /** `taken_back`: the one that was to take over did not, and this one acts again. */
      readonly outcome: 'taken' | 'taken_back';
      readonly pid: number;
      readonly build: string;
      readonly from: { readonly pid: number; readonly build: string };
      readonly forced: boolean;
      readonly who: string;
    }
  | {
      /** Its event loop was late in several seconds in a row; told once until it is quick again. */
      readonly type: 'worker_slow';
      readonly pid: number;
      readonly slot: number;
      readonly loopDelayMs: number;
    }
  | { readonly type: 'config'; readonly hash: string; readonly accepted: boolean; readonly problems: number }
  | {
      /** A receiver of webhooks is not reached, or is again; told once until it changes. */
      readonly type: 'notify';
      /** Scheme, host and port. */
      readonly receiver: string;
      readonly ok: boolean;
      readonly message: string;
    }
  | {
      /** Clients were not let in: the first one of a reason, then how many, once a minute. */
      readonly type: 'client_denied';
      readonly by: string;
      readonly reason: string;
      readonly count: number;
      /** Of the last of them; '' for an identity that was not shown. */
      readonly address: string;
      readonly identity: string;
    }
  | { readonly type: 'store'; readonly ok: boolean; readonly message: string }
  | {
      readonly type: 'new_class';
      readonly id: string;
      readonly endpoint: string;
      readonly kind: string;
      readonly path: string;
    };

/** Kinds of events that receivers of webhooks are told of, when they are news. */
export const NOTIFIED_EVENTS = [
  'transition',
  'kill_switch',
  'gate',
  'new_class',
  'config',
  'worker_down',
  'worker_slow',
  'snapshot_late',
  'hand_over',
  'store',
] as const satisfies readonly CutoverEvent['type'][];
export type NotifiedEvent = (typeof NOTIFIED_EVENTS)[number];

/** An event with its place in the stream. */
export interface StampedEvent {
  readonly sequence: number;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly event: CutoverEvent;
}
