import { randomSecret } from '../core/random.ts';
import { LIMITS } from '../core/limits.ts';
import type { TicketKeys } from '../core/ticket-keys.ts';

/**
 * Makes what the workers of this node seal session tickets with, and replaces it from time to time. The keys are drawn
 * here and go to the workers by their channel alone: no file, log or status ever has them. A supervisor that starts
 * draws new ones; then every client shakes hands once in full.
 */
export class TicketOffice {
  private keys: TicketKeys = { current: randomSecret(LIMITS.ticketKeyBytes), previous: null };
  private readonly timer: NodeJS.Timeout;

  /** @param handOut gives the newest keys to every worker that serves */
  constructor(handOut: (keys: TicketKeys) => void, intervalMs: number = LIMITS.ticketKeyMs) {
    this.timer = setInterval(() => {
      this.keys = { current: randomSecret(LIMITS.ticketKeyBytes), previous: this.keys.current };
      handOut(this.keys);
    }, intervalMs).unref();
  }

  /** What a worker that starts begins with. */
  get newest(): TicketKeys {
    return this.keys;
  }

  close(): void {
    clearInterval(this.timer);
  }
}
