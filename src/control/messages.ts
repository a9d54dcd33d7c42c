import type { Snapshot } from '../core/snapshot.ts';
import type { TicketKeys } from '../core/ticket-keys.ts';
import type { TelemetryDelta } from '../telemetry/types.ts';

/** Supervisor → worker. */
export type ToWorker =
  | {
      readonly type: 'start';
      readonly slot: number;
      readonly workers: number;
      /** One port per listener; 0 asks the worker to pick one and report it. */
      readonly ports: readonly number[];
      readonly reusePort: boolean;
      /** Another supervisor's worker serves the unix sockets: bind beside them. */
      readonly beside: boolean;
      readonly runDir: string;
      readonly snapshot: Snapshot;
      readonly ticketKeys: TicketKeys;
    }
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot }
  /** From now on session tickets are sealed with these. */
  | { readonly type: 'ticket_keys'; readonly keys: TicketKeys }
  /** Asks for a delta now. */
  | { readonly type: 'report' }
  | { readonly type: 'drain'; readonly deadlineMs: number };

/** Worker → supervisor. */
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly ports: readonly number[] }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  | { readonly type: 'acknowledged'; readonly revision: number }
  | { readonly type: 'delta'; readonly delta: TelemetryDelta }
  | { readonly type: 'drained'; readonly cut: number };
