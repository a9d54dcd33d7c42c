// HOT: the only place that knows the order in which things happen to a request.
import type { Inbound } from '../wire/types.ts';
import { Exchange } from './exchange.ts';
import { edgeFault } from './filters/fault.ts';
import { runOnRequest } from './filters/run.ts';
import type { FilterAnswer } from './filters/types.ts';
import { runMirrored } from './mirrored.ts';
import type { Runtime } from './runtime.ts';

/**
 * Takes one request through the gateway:
 * arrival (who, where) → route → assignment of a lane → edge filters (and again, by claims) → copy decided → lane → relay → observation.
 */
export function runExchange(runtime: Runtime, inbound: Inbound): void {
  runtime.begin();
  if (runtime.snapshot.config.listeners[inbound.listener]?.mirror === true)
    return runMirrored(runtime, inbound);
  const exchange = new Exchange(runtime, inbound);
  inbound.handle(exchange);
  const { matched } = exchange;
  if (matched === null || matched.edgeFilters.length === 0) return exchange.forward();
  // No body byte is read before the edge filters have agreed.
  inbound.pause();
  const request = exchange.laneRequest(exchange.fields, null);
  exchange.edgeRequest = request;
  try {
    const answer = runOnRequest(matched.edgeFilters, request);
    if (answer instanceof Promise) awaitEdge(exchange, answer);
    else decide(exchange, answer);
  } catch (thrown) {
    exchange.refuse(edgeFault(thrown));
  }
}

function awaitEdge(exchange: Exchange, answer: Promise<FilterAnswer | null>): void {
  answer.then(
    (settled) => decide(exchange, settled),
    (thrown: unknown) => exchange.refuse(edgeFault(thrown)),
  );
}

function decide(exchange: Exchange, answer: FilterAnswer | null): void {
  if (answer !== null) return exchange.answerAtEdge(answer);
  if (exchange.runtime.usesClaims) exchange.identify();
  exchange.forward();
}
