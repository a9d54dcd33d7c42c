import { isIP } from 'node:net';
import { HeaderFields } from '../core/headers.ts';
import { LIMITS } from '../core/limits.ts';
import type { Lane, ServerConfig } from '../core/snapshot.ts';
import { AnswerCopy } from '../shadow/answer-copy.ts';
import { CopyBudget } from '../shadow/budget.ts';
import { createPool } from '../wire/pool.ts';
import { SecureOrigin } from '../wire/secure-origin.ts';
import type { OutboundHead, Pool } from '../wire/types.ts';

/** One request as it goes to one lane. */
export interface LaneRequest {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

export interface ReplayLaneOptions {
  readonly lane: Lane;
  readonly server: ServerConfig;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** For one request, from its start to its last byte. */
  readonly timeoutMs: number;
  /** Hears why a certificate was refused. */
  readonly log: (message: string) => void;
}

/** One lane as a replay asks it: a pool of connections to one server. */
export class ReplayLane {
  private readonly pool: Pool;
  private readonly budget: CopyBudget;
  private readonly running = new Set<() => void>();

  constructor({ lane, server, concurrency, timeoutMs, log }: ReplayLaneOptions) {
    const { scheme, host, port } = server;
    const serverName = isIP(host) === 0 ? host : null;
    const secure =
      scheme === 'http'
        ? undefined
        : new SecureOrigin({ ca: null, serverName }, (reason) =>
            log(`${lane}: the certificate of ${host} was refused: ${reason}`),
          );
    this.budget = new CopyBudget(concurrency, concurrency * LIMITS.replayAnswerBytes);
    this.pool = createPool({
      host,
      port,
      secure,
      timeouts: {
        connectMs: Math.min(timeoutMs, LIMITS.connectTimeoutMs),
        firstByteMs: timeoutMs,
        idleMs: timeoutMs,
        totalMs: timeoutMs,
      },
      maxConnections: concurrency,
      maxWaiting: concurrency,
      retry: true,
    });
  }

  /**
   * Asks the lane once. A failure is an answer, too: nothing is thrown. The caller frees the body.
   * @returns null when the replay was ended meanwhile
   */
  ask({ method, target, host, headers, body }: LaneRequest): Promise<AnswerCopy | null> {
    const head: OutboundHead = {
      method,
      target,
      host,
      fields: new HeaderFields([...headers]),
      framing: body.length > 0 || hasBody(method) ? 'length' : 'none',
      contentLength: body.length,
      upgrade: '',
    };
    const answer = new AnswerCopy(this.budget, LIMITS.replayAnswerBytes);
    return new Promise((resolve) => {
      const settle = (given: AnswerCopy | null): void => {
        this.running.delete(abandon);
        resolve(given);
      };
      const call = this.pool.call(head, {
        onSent: () => answer.sent(),
        onInform: () => {},
        onHead: (found) => answer.head(found),
        onData: (chunk) => answer.body.add(chunk),
        onWritable: () => {},
        onEnd: () => {
          answer.end(null);
          settle(answer);
        },
        onFailure: (code) => {
          answer.end(code);
          settle(answer);
        },
      });
      const abandon = (): void => {
        call.abort();
        answer.body.free();
        settle(null);
      };
      this.running.add(abandon);
      if (body.length > 0) call.write(body);
      call.end();
    });
  }

  /** Gives up what is under way. */
  abandon(): void {
    for (const each of this.running) each();
  }

  close(): void {
    this.abandon();
    this.pool.close();
  }
}

/** Methods whose requests say the length of their body even when it is empty (RFC 9110, section 8.6). */
function hasBody(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}
