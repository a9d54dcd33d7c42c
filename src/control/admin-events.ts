import type { ServerResponse } from 'node:http';
import type { StampedEvent } from '../core/events.ts';
import { LIMITS } from '../core/limits.ts';
import type { AdminBackend } from './admin-backend.ts';
import { AdminError } from './admin-answer.ts';

/** A client that reconnects by itself waits so long. */
const RETRY_MS = 1_000;

/** The subscribers of `GET /v1/events`, as server-sent events (HTML Living Standard, section 9.2). */
export class EventStreams {
  private readonly backend: AdminBackend;
  private readonly heartbeatMs: number;
  private readonly open = new Set<EventStream>();

  /** @param heartbeatMs silence after which a comment is sent */
  constructor(backend: AdminBackend, heartbeatMs: number) {
    this.backend = backend;
    this.heartbeatMs = heartbeatMs;
  }

  /** Subscribers now. */
  get size(): number {
    return this.open.size;
  }

  /**
   * Streams events to one client until it leaves or does not read.
   * @param after last sequence it has seen, or null for none of the past
   * @throws AdminError TOO_MANY_SUBSCRIBERS
   */
  add(response: ServerResponse, after: number | null): void {
    if (this.open.size >= LIMITS.adminEventClients) {
      throw new AdminError(503, {
        code: 'TOO_MANY_SUBSCRIBERS',
        message: `${LIMITS.adminEventClients} clients follow the events already`,
        hint: 'end one of them, or poll: cutover status',
        exitCode: 1,
      });
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      connection: 'close',
    });
    const stream = new EventStream(response, this.heartbeatMs, after ?? -1);
    this.open.add(stream);
    response.once('close', () => {
      this.open.delete(stream);
      stream.end();
    });
    stream.follow(this.backend.subscribe(after, (event) => stream.send(event)));
  }

  /** Ends every stream; their clients may resume elsewhere. */
  close(): void {
    for (const stream of this.open) stream.end();
  }
}

class EventStream {
  private readonly response: ServerResponse;
  private readonly timer: NodeJS.Timeout;
  private last: number;
  private unsubscribe: (() => void) | null = null;
  private ended = false;
  private wasBehind = false;

  constructor(response: ServerResponse, heartbeatMs: number, last: number) {
    this.response = response;
    this.last = last;
    this.timer = setInterval(() => this.beat(), heartbeatMs).unref();
    response.write(`retry: ${RETRY_MS}\n\n`);
  }

  /** Takes the end of the subscription; it may have come to that while the past was sent. */
  follow(unsubscribe: () => void): void {
    if (this.ended) unsubscribe();
    else this.unsubscribe = unsubscribe;
  }

  send({ sequence, atMs, event }: StampedEvent): void {
    if (this.ended || sequence <= this.last) return;
    this.last = sequence;
    const data = JSON.stringify({ sequence, atMs, event });
    this.write(`id: ${sequence}\nevent: ${event.type}\ndata: ${data}\n\n`);
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.timer);
    this.unsubscribe?.();
    this.response.end();
  }

  /** A client that has not read for a whole beat is gone or stopped: its place is for others. */
  private beat(): void {
    const behind = this.response.writableLength > 0;
    if (behind && this.wasBehind) this.cut();
    else this.write(':\n\n');
    this.wasBehind = behind;
  }

  private write(text: string): void {
    this.response.write(text);
    if (this.response.writableLength > LIMITS.adminEventBufferBytes) this.cut();
  }

  private cut(): void {
    this.end();
    this.response.destroy();
  }
}
