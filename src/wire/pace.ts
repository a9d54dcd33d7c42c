import { LIMITS } from '../core/limits.ts';
import type { ServerExchange } from './server-exchange.ts';
import type { WireSocket } from './socket.ts';
import type { PaceLimits } from './types.ts';

/**
 * Time that one direction of a client may still take. It is spent while we wait for the client and earned by the
 * bytes that move: at the required rate the two are equal. What is earned between two looks is bounded, because the
 * kernel takes some megabytes for a client that reads nothing.
 */
class Allowance {
  private leftMs: number;
  private bytes: number;

  constructor(limits: PaceLimits, bytes: number) {
    this.leftMs = limits.graceMs;
    this.bytes = bytes;
  }

  /** @returns whether nothing is left */
  spend(passedMs: number, bytes: number, limits: PaceLimits): boolean {
    const earnedMs = ((bytes - this.bytes) / limits.bytesPerSec) * 1_000;
    this.bytes = bytes;
    const left = this.leftMs + Math.min(earnedMs, passedMs * LIMITS.paceEarning) - passedMs;
    this.leftMs = Math.min(left, Math.max(limits.graceMs, LIMITS.paceAllowanceMs));
    return this.leftMs <= 0;
  }

  /** Not waited for: nothing is spent, and what moved meanwhile earns nothing. */
  skip(bytes: number): void {
    this.bytes = bytes;
  }
}

/**
 * Whether a client sends its body and reads its answer fast enough. An idle limit alone is met by one byte every
 * thirty seconds. Looked at by the sweeper, so that no byte costs anything. Not slow, whatever the rate: who waits
 * for us (long polls, event streams between events), who is held back by a server, and who sends on while its answer
 * has begun, which is a conversation.
 */
export class ClientPace {
  readonly exchange: ServerExchange;
  private readonly limits: PaceLimits;
  private readonly socket: WireSocket;
  private readonly sending: Allowance;
  private readonly reading: Allowance;
  private lastMs: number;

  constructor(exchange: ServerExchange, socket: WireSocket, limits: PaceLimits, nowMs: number) {
    this.exchange = exchange;
    this.socket = socket;
    this.limits = limits;
    this.lastMs = nowMs;
    this.sending = new Allowance(limits, exchange.bytesIn);
    this.reading = new Allowance(limits, socket.takenBytes);
  }

  /** @param nowMs the sweeper's time. @returns whether the client is to be given up */
  isTooSlow(nowMs: number): boolean {
    const { exchange, socket, limits } = this;
    const passedMs = nowMs - this.lastMs;
    this.lastMs = nowMs;
    const sends = exchange.awaitsBody && !exchange.responded;
    if (sends && this.sending.spend(passedMs, exchange.bytesIn, limits)) return true;
    if (!sends) this.sending.skip(exchange.bytesIn);
    const reads = socket.pendingBytes > 0;
    if (reads && this.reading.spend(passedMs, socket.takenBytes, limits)) return true;
    if (!reads) this.reading.skip(socket.takenBytes);
    return false;
  }
}
