import type { ClientIdentity } from '../../../core/client-identity.ts';
import type { FilterOptions, FilterRequest } from '../../../core/filter-api.ts';
import type { FilterExchange } from '../types.ts';
import { HeaderView } from './header-view.ts';

/** One request as one filter sees it, the same in every hook. */
export class RequestView implements FilterRequest {
  readonly headers: HeaderView;
  /** The view of the filter before, of the same request. */
  readonly next: RequestView | null;
  readonly filter: unknown;
  readonly options: FilterOptions;
  private readonly exchange: FilterExchange;
  private memory: Map<string, unknown> | null = null;
  private controller: AbortController | null = null;
  private isEnded = false;

  constructor(exchange: FilterExchange, filter: unknown, options: FilterOptions) {
    this.exchange = exchange;
    this.filter = filter;
    this.options = options;
    this.next = exchange.views;
    this.headers = new HeaderView(exchange.fields);
  }

  get requestId(): string {
    return this.exchange.requestId;
  }
  get method(): string {
    return this.exchange.method;
  }
  get path(): string {
    return this.exchange.path;
  }
  get query(): string {
    const { target } = this.exchange;
    const mark = target.indexOf('?');
    return mark === -1 ? '' : target.slice(mark + 1);
  }
  get host(): string {
    return this.exchange.host;
  }
  get clientAddress(): string {
    return this.exchange.clientAddress;
  }
  get certificate(): ClientIdentity | null {
    return this.exchange.certificate;
  }
  get region(): string {
    return this.exchange.region;
  }
  get route(): string {
    return this.exchange.route;
  }
  get isCopy(): boolean {
    return this.exchange.isCopy;
  }
  get claims(): Readonly<Record<string, unknown>> | null {
    return this.exchange.claims;
  }
  set claims(claims: Readonly<Record<string, unknown>> | null) {
    this.exchange.claims = claims;
  }
  get state(): Map<string, unknown> {
    this.memory ??= new Map();
    return this.memory;
  }
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.isEnded) this.controller.abort();
    return this.controller.signal;
  }

  /** What the filter still does for this request changes nothing. */
  end(): void {
    this.headers.isFixed = true;
    this.isEnded = true;
    this.controller?.abort();
  }
}
