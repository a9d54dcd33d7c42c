// HOT: no promise is made while every filter answers at once.
import type { FailureCode } from '../../core/errors.ts';
import type { ResponseHead } from '../../wire/types.ts';
import type { Filter, FilterAnswer, FilterExchange } from './types.ts';

/**
 * Runs `onRequest` of each filter in order until one answers, or the exchange is over.
 * @returns the answer, null when all let it pass, or a promise of it from the first filter that awaits
 */
export function runOnRequest(
  filters: readonly Filter[],
  exchange: FilterExchange,
): FilterAnswer | null | Promise<FilterAnswer | null> {
  for (let index = 0; index < filters.length; index += 1) {
    const answer = filters[index]?.onRequest?.(exchange) ?? null;
    if (answer instanceof Promise) return continueAfter(answer, filters.slice(index + 1), exchange);
    if (answer !== null) return answer;
  }
  return null;
}

async function continueAfter(
  pending: Promise<FilterAnswer | null>,
  rest: readonly Filter[],
  exchange: FilterExchange,
): Promise<FilterAnswer | null> {
  const answer = await pending;
  return answer !== null || exchange.isOver ? answer : await runOnRequest(rest, exchange);
}

export function runOnUpstreamRequest(filters: readonly Filter[], exchange: FilterExchange): void {
  for (const filter of filters) filter.onUpstreamRequest?.(exchange);
}

export function runOnCopy(filters: readonly Filter[], copy: FilterExchange, toCandidate: boolean): void {
  for (const filter of filters) filter.onCopy?.(copy, toCandidate);
}

export function runOnResponse(
  filters: readonly Filter[],
  exchange: FilterExchange,
  head: ResponseHead,
): void {
  for (let index = filters.length - 1; index >= 0; index -= 1) filters[index]?.onResponse?.(exchange, head);
}

/** Runs every `onDone`, also when one of them throws: it is the last that happens to an exchange. */
export function runOnDone(
  filters: readonly Filter[],
  exchange: FilterExchange,
  failed: FailureCode | null,
): void {
  for (let index = filters.length - 1; index >= 0; index -= 1) {
    try {
      filters[index]?.onDone?.(exchange, failed);
    } catch {
      // The answer is out already; the next filter still has to let go of what it holds.
    }
  }
}
