import type { Snapshot } from '../core/snapshot.ts';
import type { TicketKeys } from '../core/ticket-keys.ts';
import type { TelemetryDelta } from '../telemetry/types.ts';
import type { UpstreamStats } from './upstreams/stats.ts';

/** The gateway of one worker process, as the worker entry sees it. */
export interface Gateway {
  /**
   * Opens the listeners of the snapshot.
   * @param ports one per listener, 0 for a free one
   * @param beside leaves unix sockets beside their paths: the supervisor moves them when it takes over
   * @returns the ports that were bound
   * @throws the system's error when one cannot be opened; none is left open then
   */
  listen(ports: readonly number[], reusePort: boolean, beside?: boolean): Promise<number[]>;
  /** Swaps the snapshot; requests that run keep theirs. */
  apply(snapshot: Snapshot): void;
  /** Other keys for session tickets: sessions of the former ones are resumed until the next time. */
  useTicketKeys(keys: TicketKeys): void;
  /** The local kill switch: wins over every snapshot until it is turned off. */
  setLocalBypass(on: boolean): void;
  /** What happened since the previous call: one delta per epoch with news, that of the current epoch last. */
  collect(): TelemetryDelta[];
  /** The upstreams of the newest configuration at this moment, those of copies after those of clients. */
  upstreams(): UpstreamStats[];
  /** Stops accepting and lets exchanges and copies finish. @returns exchanges that were cut at the deadline */
  drain(deadlineMs: number): Promise<number>;
  /** Ends the diff thread and pools. */
  close(): Promise<void>;
}

export interface GatewayOptions {
  readonly snapshot: Snapshot;
  /** Number of this worker, 0 if left out: worker 0 alone serves unix sockets. */
  readonly slot?: number;
  /** Workers of this node: caps per node are split over them. */
  readonly workers: number;
  /** What session tickets are sealed with, the same for all workers; left out: sessions are resumed in this worker alone. */
  readonly ticketKeys?: TicketKeys;
  /** Name servers to ask for names of servers, `address:port`, instead of the system's. */
  readonly dnsServers?: readonly string[];
  /** Writes one line to the process's log. */
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
}
