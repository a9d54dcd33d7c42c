import { LIMITS } from '../core/limits.ts';
import type { ServerExchange } from './server-exchange.ts';
import type { WireSocket } from './socket.ts';
import type { PaceLimits, ServerOptions } from './types.ts';

/**
 * Time that one direction of a client may still take. It is spent while we wait for the client and earned by the
 * bytes that move: at the required rate the two are equal. What is earned at once is bounded, because the kernel takes
 * some megabytes for a client that reads nothing: the silence before it, and a little more.
 */
class Allowance {
  private leftMs: number;
  private bytes: number;
  /** Waited for since the last byte: a kernel takes nothing for a while and then much, of a reader that is steady. */
  private silentMs = 0;

  constructor(graceMs: number, bytes: number) {
    this.leftMs = graceMs;
    this.bytes = bytes;
  }

  /** @returns whether nothing is left */
  spend(passedMs: number, bytes: number, limits: PaceLimits): boolean {
    const moved = bytes - this.bytes;
    const earnedMs = (moved / limits.bytesPerSec) * 1_000;
    const mostMs = this.silentMs + passedMs * LIMITS.paceEarning;
    this.bytes = bytes;
    this.silentMs = moved > 0 ? 0 : this.silentMs + passedMs;
    const left = this.leftMs + Math.min(earnedMs, mostMs) - passedMs;
    this.leftMs = Math.min(left, Math.max(limits.graceMs, LIMITS.paceAllowanceMs));
    return this.leftMs <= 0;
  }

  /** Not waited for: nothing is spent, and what moved meanwhile earns nothing. */
  skip(bytes: number): void {
    this.bytes = bytes;
  }
}

/** Whose pace it is: a request, and where its answer is written. */
interface Paced {
  readonly exchange: Pick<ServerExchange, 'awaitsBody' | 'responded' | 'bytesIn'>;
  readonly socket: Pick<WireSocket, 'pendingBytes' | 'takenBytes'>;
}

/**
 * Whether a client sends its body and reads its answer fast enough. An idle limit alone is met by one byte every
 * thirty seconds. Looked at by the sweeper, so that no byte costs anything. Not slow, whatever the rate: who waits
 * for us (long polls, event streams between events), who is held back by a server, and who sends on while its answer
 * has begun, which is a conversation.
 */
export class ClientPace {
  readonly exchange: Paced['exchange'];
  private readonly limits: PaceLimits;
  private readonly socket: Paced['socket'];
  private readonly sending: Allowance;
  private readonly reading: Allowance;
  private lastMs: number;

  /** @param headMs that the head of the request took: head and body share one grace */
  constructor(of: Paced, limits: PaceLimits, headMs: number, nowMs: number) {
    const { exchange, socket } = of;
    this.exchange = exchange;
    this.socket = socket;
    this.limits = limits;
    this.lastMs = nowMs;
    const leastMs = limits.graceMs * LIMITS.paceGraceLeast;
    this.sending = new Allowance(Math.max(limits.graceMs - headMs, leastMs), exchange.bytesIn);
    this.reading = new Allowance(limits.graceMs, socket.takenBytes);
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

/** @returns the pace of the current exchange: `last`, or a new one from the moment on in which we wait for its client */
export function paceOf(
  of: { readonly exchange: ServerExchange | null; readonly socket: WireSocket },
  last: ClientPace | null,
  { pace: limits, headTimeoutMs }: ServerOptions,
  nowMs: number,
): ClientPace | null {
  const { exchange, socket } = of;
  if (exchange === null || limits === undefined || limits.bytesPerSec === 0) return null;
  if (last?.exchange === exchange) return last;
  const waits = exchange.awaitsBody || socket.pendingBytes > 0;
  if (!waits) return null;
  const headMs = headTimeoutMs === 0 ? 0 : Math.max(0, headTimeoutMs + LIMITS.sweepMs - exchange.headLeftMs);
  return new ClientPace({ exchange, socket }, limits, headMs, nowMs);
}
