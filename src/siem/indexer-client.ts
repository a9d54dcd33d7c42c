import { Agent, request } from 'undici';
import type { Dispatcher } from 'undici';
import { messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { IndexerConfig, SearchRequest } from './queries.ts';

/** A JSON document, or why there is none. */
export type Fetched =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly why: string };

/** The indexer, asked one question at a time. Whatever it does becomes a sentence; the password is in none. */
export class IndexerClient {
  private readonly config: IndexerConfig;
  private readonly agent: Agent;
  private readonly authorization: string;

  constructor(config: IndexerConfig) {
    this.config = config;
    const { ca, username, password, timeoutMs } = config;
    this.agent = new Agent({
      connections: 1,
      connect: { timeout: timeoutMs, ...(ca === null ? {} : { ca }) },
    });
    this.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }

  /** @param signal ends it early */
  async search({ path, body }: SearchRequest, signal: AbortSignal): Promise<Fetched> {
    const { url, timeoutMs } = this.config;
    const late = AbortSignal.timeout(timeoutMs);
    try {
      // A redirect is not followed: the password is for this server.
      const answer = await request(`${url}${path}`, {
        method: 'POST',
        dispatcher: this.agent,
        headers: { authorization: this.authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.any([signal, late]),
      });
      return await read(answer);
    } catch (error) {
      const why = late.aborted ? `no answer within ${timeoutMs} ms` : `no answer: ${messageOf(error)}`;
      return { ok: false, why };
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

async function read({ statusCode, body }: Dispatcher.ResponseData): Promise<Fetched> {
  // What is not read to its end ends with an error of its own.
  body.on('error', () => undefined);
  if (statusCode !== 200) {
    body.destroy();
    return { ok: false, why: `the indexer answered ${statusCode}${meaningOf(statusCode)}` };
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > LIMITS.siemAnswerBytes) {
      body.destroy();
      return { ok: false, why: `the answer is larger than ${LIMITS.siemAnswerBytes / 1024} KiB` };
    }
    chunks.push(chunk as Buffer);
  }
  return parse(Buffer.concat(chunks));
}

function parse(bytes: Buffer): Fetched {
  try {
    return { ok: true, body: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch {
    return { ok: false, why: 'the answer is not JSON' };
  }
}

function meaningOf(status: number): string {
  if (status === 401) return ': user or password is wrong';
  if (status === 403) return ': this user may not read the index';
  if (status === 404) return ': there is no such index';
  if (status === 429 || status === 503) return ': it is busy';
  return '';
}
