import type { ClientIdentity } from '../../core/client-identity.ts';
import type { FailureCode } from '../../core/errors.ts';
import type { HeaderFields } from '../../core/headers.ts';
import type { ResponseHead } from '../../wire/types.ts';
import type { RequestView } from './user/request-view.ts';

/**
 * The one object a filter sees: a request on its way to a lane. A copy has one of its own, so that a filter never
 * reaches from the copy into the exchange that answers the client.
 */
export interface FilterExchange {
  readonly requestId: string;
  readonly method: string;
  /** Normalised path: the form that is routed and forwarded. */
  readonly path: string;
  readonly host: string;
  readonly clientAddress: string;
  /** Of the verified certificate of the client, if it has shown one. */
  readonly certificate: ClientIdentity | null;
  readonly region: string;
  readonly route: string;
  /** This is a copy: what the filter answers is compared and never sent to a client. */
  readonly isCopy: boolean;
  /** Fields that will be forwarded; hooks up to `onUpstreamRequest` may change them. */
  readonly fields: HeaderFields;
  /** Path and query that will be forwarded; the same hooks may take something out of its query. */
  target: string;
  /** Claims of a verified token, for the filters behind. */
  claims: Readonly<Record<string, unknown>> | null;
  /** Bytes of the body as its head says; below 0 where it does not. */
  readonly contentLength: number;
  /** A body that turns out to be larger ends the request with 413; 0 is any. A filter may lower it. */
  bodyLimit: number;
  /** What filters of users were shown of it; null on every other way. */
  views: RequestView | null;
  /** `onDone` was called, because the client went away, say: no hook is called any more. */
  readonly isOver: boolean;
}

/** Hears of clients that a filter denied. @param by kind of proof; @param reason for events, never for the client */
export type DenialListener = (by: string, reason: string, clientAddress: string) => void;

/** An answer that a filter gives in the lane's place. */
export interface FilterAnswer {
  readonly status: number;
  readonly fields: HeaderFields;
  readonly body: string;
  /** The filter could not decide: this is no answer of the lane, and is counted as the gateway's own failure. */
  readonly failure?: FailureCode;
}

/**
 * One unit of the request pipeline. Every hook is optional; they run in the order of the route's `filters`,
 * `onResponse` and `onDone` in reverse.
 */
export interface Filter {
  readonly name: string;
  /**
   * Before the request is forwarded. An answer ends the pipeline; null lets it go on. A promise holds this request
   * only, never another one. Throwing or rejecting answers 503 with the code of `fault.ts`.
   */
  onRequest?(exchange: FilterExchange): FilterAnswer | null | Promise<FilterAnswer | null>;
  /** All `onRequest` hooks let it pass and it is about to be forwarded: last chance to change `fields`. */
  onUpstreamRequest?(exchange: FilterExchange): void;
  /**
   * A copy of a request that it let pass is about to leave: last chance to change its `fields`. It is called for
   * filters at the edge, and for those of the candidate when the copy goes back to legacy.
   */
  onCopy?(copy: FilterExchange, toCandidate: boolean): void;
  /** The server's head arrived; its fields may be changed. */
  onResponse?(exchange: FilterExchange, head: ResponseHead): void;
  /** Always last, also for requests that failed; once. */
  onDone?(exchange: FilterExchange, failed: FailureCode | null): void;
}
