import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import { systemCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { PlannedRequest } from './mix.ts';

/** Hears how one request ended; called once. */
export interface ClientListener {
  onAnswer(status: number): void;
  onError(code: string): void;
}

/**
 * The clients that talk to one address: each request has a connection to itself while it is under way, and none is
 * sent a second time.
 */
export class Clients {
  private readonly pool: Pool;

  constructor(origin: string) {
    this.pool = new Pool(origin, {
      connections: LIMITS.rehearsalInFlight,
      pipelining: 1,
      // A server's own `Keep-Alive: timeout` may shorten it, and never lengthens it.
      keepAliveTimeout: LIMITS.rehearsalIdleMs,
      keepAliveMaxTimeout: LIMITS.rehearsalIdleMs,
      connectTimeout: LIMITS.rehearsalRequestMs,
      headersTimeout: LIMITS.rehearsalRequestMs,
      bodyTimeout: LIMITS.rehearsalRequestMs,
    });
  }

  send({ method, target, headers, body }: PlannedRequest, listener: ClientListener): void {
    this.pool.dispatch({ method, path: target, headers: [...headers], body }, new AnswerHandler(listener));
  }

  /** Cuts every connection: what is under way ends with an error. */
  async close(): Promise<void> {
    await this.pool.destroy();
  }
}

class AnswerHandler implements Dispatcher.DispatchHandler {
  private readonly listener: ClientListener;
  private status = 0;

  constructor(listener: ClientListener) {
    this.listener = listener;
  }

  /** undici wants every one of these to be there. */
  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.status = status;
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    this.listener.onAnswer(this.status);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const code = systemCode(error);
    this.listener.onError(code === '' ? error.name : code);
  }
}
