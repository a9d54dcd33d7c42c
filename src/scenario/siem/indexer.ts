import { createServer as createPlain } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { wallMs } from '../../core/clock.ts';
import { LIMITS } from '../../core/limits.ts';
import { Records, shardsOf } from './records.ts';
import { SearchFault, aggregated, found } from './search.ts';

/** Somebody who may read some indices. */
export interface IndexerUser {
  readonly name: string;
  readonly password: string;
  /** Patterns that it may search. */
  readonly reads: readonly string[];
}

export interface IndexerOptions {
  readonly port?: number;
  /** Certificate chain and key (PEM); plain HTTP without. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly users: readonly IndexerUser[];
  /** Time between two refreshes: 5 s in the template of Wazuh 4. */
  readonly refreshMs?: number;
  /** Stands between a search and its answer; says true when it has answered itself. */
  readonly intercept?: (response: ServerResponse, answer: SearchAnswer) => Promise<boolean>;
}

/** What `_search` answers. */
export type SearchAnswer = Record<string, unknown>;

/** A running stand-in of the Wazuh indexer: `_search` with what the gates ask of it, over real sockets. */
export interface Indexer {
  readonly url: string;
  readonly records: Records;
  /** Searches answered so far, in whatever way. */
  readonly searches: () => number;
  readonly stop: () => Promise<void>;
}

/** Starts one. */
export async function startIndexer(options: IndexerOptions): Promise<Indexer> {
  const records = new Records(options.refreshMs ?? 5_000);
  let searches = 0;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    searches += 1;
    void answer(request, response, records, options).catch(() => response.destroy());
  };
  const server: Server =
    options.tls === undefined ? createPlain(listener) : createSecure(options.tls, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const scheme = options.tls === undefined ? 'http' : 'https';
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    records,
    searches: () => searches,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  records: Records,
  { users, intercept }: IndexerOptions,
): Promise<void> {
  const user = users.find((each) => request.headers.authorization === basic(each));
  const text = await bodyOf(request);
  if (user === undefined) {
    response.setHeader('WWW-Authenticate', 'Basic realm="OpenSearch Security"');
    response.writeHead(401, { 'content-type': 'text/plain' }).end('Unauthorized');
    return;
  }
  const url = new URL(request.url ?? '/', 'http://indexer');
  const [, pattern = '', action] = url.pathname.split('/').map(decodeURIComponent);
  if (request.method !== 'POST' || action !== '_search') return fail(response, 405, 'method_not_allowed', '');
  if (!pattern.split(',').every((each) => mayRead(user, each)))
    return fail(response, 403, 'security_exception', `no permissions for [indices:data/read/search]`);
  const indices = records.expand(pattern);
  if (indices.length === 0 && url.searchParams.get('allow_no_indices') === 'false')
    return fail(response, 404, 'index_not_found_exception', `no such index [${pattern}]`);
  try {
    const said = search(records, indices, JSON.parse(text));
    if ((await intercept?.(response, said)) !== true) send(response, 200, said);
  } catch (thrown) {
    if (!(thrown instanceof SearchFault) && !(thrown instanceof SyntaxError)) throw thrown;
    fail(response, 400, 'parsing_exception', thrown.message);
  }
}

function search(records: Records, indices: readonly string[], body: Record<string, unknown>): SearchAnswer {
  const { size, track_total_hits: _, timeout: __, query, aggs, ...unknown } = body;
  const [strange] = Object.keys(unknown);
  if (strange !== undefined) throw new SearchFault(`unknown key for [${strange}]`);
  if (size !== 0) throw new SearchFault('this stand-in counts, and shows no record: size: 0');
  const moment = { nowMs: wallMs() };
  const hits = found(records.visible(indices), query, moment);
  const total = indices.reduce((sum, index) => sum + shardsOf(index), 0);
  return {
    took: 1,
    timed_out: false,
    _shards: { total, successful: total, skipped: 0, failed: 0 },
    hits: { total: { value: hits.length, relation: 'eq' }, max_score: null, hits: [] },
    ...(aggs === undefined ? {} : { aggregations: aggregated(hits, aggs, moment) }),
  };
}

function basic({ name, password }: IndexerUser): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

/** A pattern may be searched when it is one of those allowed, or narrower. */
function mayRead({ reads }: IndexerUser, pattern: string): boolean {
  return reads.some((allowed) =>
    allowed.endsWith('*') ? pattern.startsWith(allowed.slice(0, -1)) : pattern === allowed,
  );
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > LIMITS.rehearsalSearchBytes) throw new Error('the search is too large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(JSON.stringify(body));
}

function fail(response: ServerResponse, status: number, type: string, reason: string): void {
  const cause = { type, reason };
  send(response, status, { error: { root_cause: [cause], ...cause }, status });
}
