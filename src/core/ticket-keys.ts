/** What session tickets are sealed with on this node: secrets, in memory only. Each policy derives its own from them. */
export interface TicketKeys {
  /** `LIMITS.ticketKeyBytes` random bytes. */
  readonly current: Uint8Array;
  /** Those before the last rotation: tickets of them are still taken. Null: there was none. */
  readonly previous: Uint8Array | null;
}
