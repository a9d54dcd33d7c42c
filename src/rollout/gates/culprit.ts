import { logAbort } from '../../stats/paired.ts';
import type { PairTally } from './evidence.ts';
import { countsOf } from './scopes.ts';
import type { Scope } from './scopes.ts';
import type { Metric } from './types.ts';

/**
 * The route with most evidence against the candidate: a name for people, not a proof. Null when no route has any, or when
 * there is no other that it could be told from.
 */
export function culpritOf(pairs: readonly PairTally[], metric: Metric, scope: Scope): string | null {
  const routes = [...new Set(pairs.map(({ route }) => route))];
  if (routes.length < 2) return null;
  let worst: { readonly route: string; readonly log: number } | null = null;
  for (const route of routes.toSorted()) {
    const log = logAbort(countsOf(pairs, metric, scope, route), 0);
    if (log > (worst?.log ?? 0)) worst = { route, log };
  }
  return worst?.route ?? null;
}
