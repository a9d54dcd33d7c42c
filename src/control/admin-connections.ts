import type { Socket } from 'node:net';
import { LIMITS } from '../core/limits.ts';

interface Seen {
  /** It has shown the token. */
  trusted: boolean;
  /** Requests whose answer is under way. */
  busy: number;
}

/**
 * The connections to the admin API, oldest first. When all are taken, the oldest one without a token that waits for
 * nothing makes room: a process that has no token can keep nobody out who has one.
 */
export class AdminConnections {
  private readonly seen = new Map<Socket, Seen>();
  private readonly limit: number;

  constructor(limit: number = LIMITS.adminConnections) {
    this.limit = limit;
  }

  /** Takes a new connection in; it is closed when nobody can make room. */
  add(socket: Socket): void {
    if (this.seen.size >= this.limit) (this.oldest(0) ?? this.oldest(Infinity) ?? socket).destroy();
    this.forgetDestroyed();
    if (socket.destroyed) return;
    this.seen.set(socket, { trusted: false, busy: 0 });
    socket.once('close', () => this.seen.delete(socket));
  }

  trust(socket: Socket): void {
    const seen = this.seen.get(socket);
    if (seen !== undefined) seen.trusted = true;
  }

  /** A request came in. @returns to be called when it is over */
  enter(socket: Socket): () => void {
    const seen = this.seen.get(socket) ?? { trusted: false, busy: 0 };
    seen.busy += 1;
    return () => {
      seen.busy -= 1;
    };
  }

  /** The oldest connection without a token and with that many answers under way at the most. */
  private oldest(busy: number): Socket | null {
    for (const [socket, seen] of this.seen) if (!seen.trusted && seen.busy <= busy) return socket;
    return null;
  }

  /** Their `close` comes a turn later. */
  private forgetDestroyed(): void {
    for (const socket of this.seen.keys()) if (socket.destroyed) this.seen.delete(socket);
  }
}
