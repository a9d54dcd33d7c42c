import type { ClientIdentity } from './client-identity.ts';

/**
 * What filters that users write are made of: the main entry of the package.
 * The manual is `docs/filters.md`.
 */

/**
 * The fields of a request or an answer. Names are compared without regard to case. Fields that belong to the gateway
 * (framing, hop-by-hop fields, who the client is) can be read and not be changed: such a change throws.
 */
export interface FilterHeaders {
  /** The first value, or null. */
  get(name: string): string | null;
  /** Every value, in order: two `Authorization` fields are two values. */
  all(name: string): string[];
  has(name: string): boolean;
  /** Removes every field of this name and adds one. @throws for a name of the gateway, or text no field can carry */
  set(name: string, value: string): void;
  /** Adds a field beside those of the same name. @throws as `set` does */
  append(name: string, value: string): void;
  /** Removes every field of this name. @throws as `set` does */
  remove(name: string): void;
}

/** The `options` of a filter as they stand in the configuration: plain data, `{}` where there are none. */
export type FilterOptions = Readonly<Record<string, unknown>>;

/** One request on its way to a lane; the same object in every hook of a filter. A copy has one of its own. */
export interface FilterRequest<Options = FilterOptions> {
  /** What the filter's `parse` made of its options; without one, the options as they stand in the configuration. */
  readonly options: Options;
  readonly requestId: string;
  readonly method: string;
  /** Normalised: the form that is routed and forwarded. */
  readonly path: string;
  /** Without the `?`; '' where there is none. */
  readonly query: string;
  /** As the client sent it, may have a port. */
  readonly host: string;
  readonly clientAddress: string;
  /** Who the verified certificate of the client speaks for; null where it has shown none. */
  readonly certificate: ClientIdentity | null;
  readonly region: string;
  readonly route: string;
  /** This is a copy: what the filter answers is compared and never sent to a client. */
  readonly isCopy: boolean;
  /** What will be forwarded; may be changed in `onRequest` and `onUpstreamRequest`. */
  readonly headers: FilterHeaders;
  /** Claims of a token that a filter before has verified; what is put here is seen by the filters behind. */
  claims: Readonly<Record<string, unknown>> | null;
  /** Room for what this filter wants to remember of this request. */
  readonly state: Map<string, unknown>;
  /** Aborts when this filter is late, and when the request is over: give it to `fetch`. */
  readonly signal: AbortSignal;
}

/** An answer that a filter gives in the lane's place. */
export interface FilterReply {
  /** 200 to 599. */
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

/** The head of an answer on its way back. */
export interface FilterResponse {
  readonly status: number;
  readonly headers: FilterHeaders;
}

/** How a request ended. */
export interface FilterEnd {
  /** Null: the answer was complete. Else the code of what went wrong (`client_aborted`, `filter_timeout`). */
  readonly failed: string | null;
}

/** What `onRequest` says: an answer, or nothing, and the request goes on. */
export type FilterVerdict = FilterReply | null | undefined | void;

/** One unit of the request pipeline. Every hook is optional. */
export interface FilterDefinition<Options = FilterOptions> {
  /** What logs call it. */
  readonly name: string;
  /** When it throws, is late or answers nonsense: refuse the request with 503 (`closed`, the default) or let it pass. */
  readonly failure?: 'open' | 'closed';
  /** How long one request may wait for `onRequest`, milliseconds; 100 if left out. */
  readonly budgetMs?: number;
  /**
   * Reads the `options` of one entry of the configuration, once for each configuration and worker; write it before the
   * hooks, whose `request.options` have the type that it returns. At once.
   * @throws what `cutover check` then says at the options: an `OptionError`, the error of a schema (zod), any error
   */
  parse?(options: FilterOptions): Options;
  /** Before the request is forwarded. A promise holds this request alone. */
  onRequest?(request: FilterRequest<Options>): FilterVerdict | PromiseLike<FilterVerdict>;
  /** Every filter let it pass and it is about to be forwarded: the last chance to change its headers. At once. */
  onUpstreamRequest?(request: FilterRequest<Options>): void;
  /** The head of the answer is there; its headers may be changed. At once. */
  onResponse?(request: FilterRequest<Options>, response: FilterResponse): void;
  /** Last of all, once, also for requests that failed. Nobody waits for it. */
  onDone?(request: FilterRequest<Options>, end: FilterEnd): void | PromiseLike<void>;
}

/** Gives a filter its types: `export default defineFilter({ name: 'geo', onRequest(request) { … } })`. */
export function defineFilter<Options = FilterOptions>(
  definition: FilterDefinition<Options>,
): FilterDefinition<Options> {
  return definition;
}

/** What a filter's `parse` throws against one option: `throw new OptionError('countries', 'expected a list')`. */
export class OptionError extends Error {
  /** As schema libraries have it (Standard Schema): where it is wrong, and how. */
  readonly issues: readonly { readonly path: readonly (string | number)[]; readonly message: string }[];

  /** @param place the key of the option, or the keys and indices that lead to it */
  constructor(place: string | readonly (string | number)[], message: string) {
    super(message);
    this.name = 'OptionError';
    this.issues = [{ path: typeof place === 'string' ? [place] : place, message }];
  }
}
