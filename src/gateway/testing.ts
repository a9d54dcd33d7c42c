import type { ClientIdentity } from '../core/client-identity.ts';
import type { FailureCode } from '../core/errors.ts';
import type { FilterDefinition, FilterHeaders, FilterOptions } from '../core/filter-api.ts';
import { optionsOf } from '../core/filter-options.ts';
import { definitionOf } from '../core/filter-definition.ts';
import { HeaderFields } from '../core/headers.ts';
import { FilterCounts } from '../telemetry/filter-counts.ts';
import type { FilterOutcome } from '../telemetry/filter-counts.ts';
import type { Outbound, OutboundHandler, OutboundHead, ResponseHead } from '../wire/types.ts';
import { CandidateCall } from './candidate-call.ts';
import { HeaderView } from './filters/user/header-view.ts';
import { FilterShop } from './filters/user/shop.ts';
import { UserFilter } from './filters/user/user-filter.ts';
import { LaneRequest } from './lane-request.ts';
import type { Upstream } from './upstream.ts';

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** A request to try a filter with; what is left out is a plain `GET /`. */
export interface GivenRequest {
  readonly method?: string;
  /** `/orders?page=2`, or with a host: `http://shop.example/orders`. */
  readonly url?: string;
  readonly headers?: Headers;
  readonly clientAddress?: string;
  readonly certificate?: ClientIdentity;
  readonly region?: string;
  readonly route?: string;
  readonly isCopy?: boolean;
  /** What a filter before it has verified. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** What the server answers; 200 if left out. A code (`upstream_reset`): it does not answer. */
  readonly server?:
    | { readonly status?: number; readonly headers?: Headers; readonly body?: string }
    | FailureCode;
  /** As they would stand in the configuration; the filter's `parse` reads them. */
  readonly options?: FilterOptions;
  /** Instead of the filter's own, as a configuration may say. */
  readonly failure?: 'open' | 'closed';
  readonly budgetMs?: number;
}

/** What came of it. */
export interface FilterRun {
  /** What the client gets; null when nobody answered: then `failed` says why. */
  readonly answer: { readonly status: number; readonly headers: FilterHeaders; readonly body: string } | null;
  /** The fields that the server got; null when it was not asked. */
  readonly forwarded: FilterHeaders | null;
  /** `filter_failed`, `filter_timeout`, or the server's failure. */
  readonly failed: string | null;
  /** How often the filter passed, answered, threw, was late or did what no filter may do. */
  readonly outcomes: Readonly<Partial<Record<FilterOutcome, number>>>;
  /** Hooks that kept the loop for longer than the budget. */
  readonly overruns: number;
  /** What would stand in the log. */
  readonly log: readonly string[];
}

/**
 * Runs one request through a filter as the gateway's candidate lane does, by the same code: budget, failure and what may
 * be changed are those of the gateway. No socket is opened.
 * @throws Error when it is no filter
 * @throws what its `parse` throws against the options
 */
export async function runFilter<Options = FilterOptions>(
  filter: FilterDefinition<Options>,
  given: GivenRequest = {},
): Promise<FilterRun> {
  const found = definitionOf({ default: filter });
  if (!found.ok) throw new Error(`${found.message}: ${found.hint}`);
  const { options = {} } = given;
  const read = optionsOf(found.definition, options);
  if (!read.ok) throw read.thrown;
  const loaded = { definition: found.definition, options: read.options };
  const counts = new FilterCounts();
  const log: string[] = [];
  const shop = new FilterShop({ loaded: () => loaded }, counts, (_, line) => log.push(line), null);
  const config = {
    kind: 'module',
    name: filter.name,
    enforceAt: 'candidate',
    path: '',
    version: '',
    files: [],
    options,
    failure: given.failure ?? null,
    budgetMs: given.budgetMs ?? null,
  } as const;
  const server = new GivenServer(given.server ?? {});
  const client = new Client();
  const request = requestOf(given, new UserFilter(config, shop));
  const call = new CandidateCall(request, server as unknown as Upstream, client);
  call.start();
  call.end();
  const { failed, answer } = await client.ended.promise;
  const { outcomes, overruns } = counts.cell(filter.name).read(filter.name);
  return { answer, failed, outcomes, overruns, log, forwarded: server.asked };
}

function requestOf(given: GivenRequest, filter: UserFilter): LaneRequest {
  const { method = 'GET', url = '/', headers = {}, claims = null } = given;
  const { host, pathname, search } = new URL(url, 'http://shop.example');
  const { clientAddress = '192.0.2.1', region = 'default', route = 'all', isCopy = false } = given;
  const request = new LaneRequest({
    requestId: 'test',
    method,
    path: pathname,
    target: `${pathname}${search}`,
    host,
    clientAddress,
    certificate: given.certificate ?? null,
    region,
    route,
    upstream: 'server',
    isCopy,
    fields: fieldsOf(headers),
    matched: { config: ROUTE, edgeFilters: [], filters: [filter], templates: [] },
    framing: 'none',
    contentLength: 0,
    upgrade: '',
    claims,
  });
  return request;
}

const ROUTE = {
  name: 'all',
  match: { host: null, path: '/', methods: [] },
  upstream: 'server',
  filters: [],
  critical: false,
  fallback: 'none',
  copyWrites: false,
} as const;

function fieldsOf(headers: Headers): HeaderFields {
  const list = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().flatMap((text) => [name, text]),
  );
  return new HeaderFields(list);
}

/** In the place of an upstream. */
class GivenServer {
  readonly hostHeader = null;
  readonly authority = 'server';
  asked: FilterHeaders | null = null;
  private readonly answer: NonNullable<GivenRequest['server']>;

  constructor(answer: NonNullable<GivenRequest['server']>) {
    this.answer = answer;
  }

  call(head: OutboundHead, handler: OutboundHandler): Outbound {
    this.asked = new HeaderView(head.fields.copy());
    const { answer } = this;
    queueMicrotask(() => {
      handler.onSent(false);
      if (typeof answer === 'string') return handler.onFailure(answer, true);
      const { status = 200, headers = {}, body = '' } = answer;
      const contentLength = Buffer.byteLength(body);
      handler.onHead({ status, reason: '', fields: fieldsOf(headers), framing: 'length', contentLength });
      if (contentLength > 0) handler.onData(Buffer.from(body));
      handler.onEnd();
    });
    return IGNORED;
  }
}

const IGNORED: Outbound = { write: () => true, end() {}, pause() {}, resume() {}, abort() {} };

/** In the place of a client. */
class Client implements OutboundHandler {
  readonly ended = Promise.withResolvers<Pick<FilterRun, 'answer' | 'failed'>>();
  private head: ResponseHead | null = null;
  private body = '';

  onSent(): void {}
  onInform(): void {}
  onWritable(): void {}
  onHead(head: ResponseHead): void {
    this.head = head;
  }
  onData(chunk: Buffer): void {
    this.body += chunk.toString();
  }
  onEnd(): void {
    const { head, body } = this;
    const answer = head === null ? null : { status: head.status, headers: new HeaderView(head.fields), body };
    this.ended.resolve({ answer, failed: null });
  }
  onFailure(code: FailureCode): void {
    this.ended.resolve({ answer: null, failed: code });
  }
}
