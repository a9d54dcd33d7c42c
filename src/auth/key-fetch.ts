import { messageOf } from '../core/errors.ts';
import { readKeySet } from '../core/key-set.ts';
import type { JwtKeys } from '../core/token-policy.ts';

/** Keys that are fetched. */
export type RemoteKeys = Extract<JwtKeys, { readonly url: string }>;

/** A checked set as text, or why there is none. */
export type FetchedKeys =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly why: string };

/**
 * Asks a URL for its key set, within one time and one size for everything. Only 200 is an answer: a redirect is not
 * followed, because the address that was configured is the one that was agreed to. It never throws.
 */
export async function fetchKeys(source: RemoteKeys): Promise<FetchedKeys> {
  try {
    const text = await download(source);
    const set = readKeySet(text, true);
    return set.ok ? set : { ok: false, why: set.problems[0] ?? 'it is no key set' };
  } catch (thrown) {
    return { ok: false, why: messageOf(thrown) };
  }
}

async function download({ url, timeoutMs, maxBytes }: RemoteKeys): Promise<string> {
  const { Agent, request } = await import('undici');
  const agent = new Agent({ connections: 1, pipelining: 0, connect: { timeout: timeoutMs } });
  try {
    const answer = await request(url, {
      dispatcher: agent,
      signal: AbortSignal.timeout(timeoutMs),
      headers: { accept: 'application/jwk-set+json, application/json', 'accept-encoding': 'identity' },
    });
    if (answer.statusCode !== 200) throw new Error(`it answered ${answer.statusCode}`);
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of answer.body) {
      bytes += (part as Buffer).length;
      if (bytes > maxBytes) throw new Error(`its answer is larger than ${maxBytes} bytes`);
      parts.push(part as Buffer);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
  } finally {
    // Whatever is still under way is of no use any more.
    await agent.destroy();
  }
}
