import type { Agent, Dispatcher } from 'undici';
import { wallMs } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { retryAfterMs } from './retry.ts';

/** What became of one try. */
export type Posted =
  | { readonly kind: 'delivered' }
  /** The receiver does not want it, and would not want it later: a redirect is not followed. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string; readonly retryAfterMs: number | null };

/** One try. */
export interface Post {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Posts a body and looks at the status; of the answer's body a bounded part is read and dropped. Never throws. */
export async function post(agent: Agent, { url, fields, body, timeoutMs, signal }: Post): Promise<Posted> {
  const { origin, pathname, search } = new URL(url);
  const ended = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const answer = await agent.request({
      origin,
      path: pathname + search,
      method: 'POST',
      headers: { ...fields, 'content-type': 'application/json', 'user-agent': 'cutover' },
      body,
      signal: ended,
      // A connection for each: events are rare, and a kept one may be gone when the next comes.
      reset: true,
    });
    await drop(answer.body, ended);
    return postedOf(answer);
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError';
    const why = late ? `no answer within ${timeoutMs} ms` : messageOf(error).slice(0, LIMITS.reasonChars);
    return { kind: 'failed', why, retryAfterMs: null };
  }
}

/** The status has said everything: whatever goes wrong behind it is the receiver's own affair. */
async function drop(body: Dispatcher.ResponseData['body'], signal: AbortSignal): Promise<void> {
  await body.dump({ limit: LIMITS.notifyAnswerBytes, signal }).catch(() => undefined);
}

/** What the same body would hear again. Any other status, a 404 in the middle of a deployment say, may pass. */
const REFUSALS = new Set([400, 401, 403, 405, 406, 410, 411, 413, 414, 415, 422, 431]);

function postedOf({ statusCode, headers }: Dispatcher.ResponseData): Posted {
  if (statusCode >= 200 && statusCode < 300) return { kind: 'delivered' };
  const why = `it answers ${statusCode}`;
  if (REFUSALS.has(statusCode) || statusCode < 400) return { kind: 'refused', why };
  const field = headers['retry-after'];
  return {
    kind: 'failed',
    why,
    retryAfterMs: retryAfterMs(typeof field === 'string' ? field : undefined, wallMs()),
  };
}
