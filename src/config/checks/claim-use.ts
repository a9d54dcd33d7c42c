import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey, warning } from '../problem.ts';
import { entriesAt, itemsAt, textAt, textsAt, valueAt } from '../view.ts';

const ROUTES = ['candidate', 'routes'];
const MATCH = ['rollout', 'canary', 'match'];
const STICKY = ['rollout', 'stickyKey'];

/** Claims that decide about a lane are there when it is decided; what only filters say is asked of nobody else. */
export function checkClaimUse(raw: unknown): Finding[] {
  return [...checkSource(raw), ...checkForged(raw), ...checkBalance(raw)];
}

/** A filter of the candidate lane runs when the lane is known already. */
function checkSource(raw: unknown): Finding[] {
  const uses = [...itemsAt(raw, MATCH).map((rule) => [...rule, 'claim']), [...STICKY, 'claim']].filter(
    (path) => valueAt(raw, path) !== undefined,
  );
  if (uses.length === 0) return [];
  const routes = itemsAt(raw, ROUTES);
  const open = routes.filter((route) => !hasEdgeToken(raw, route));
  if (open.length === routes.length) {
    const message = 'no request has claims when its lane is chosen: no route has a jwt filter at the edge';
    return uses.map((path) => errorAtKey(path, message, 'add enforceAt: edge to the filter of the routes'));
  }
  return open.map((route) => ({
    ...warning([...route, 'name'], 'requests of this route have no claims when their lane is chosen', null),
    at: 'value' as const,
  }));
}

function hasEdgeToken(raw: unknown, route: Path): boolean {
  return textsAt(raw, [...route, 'filters']).some(
    ({ text }) =>
      textAt(raw, ['filters', text, 'enforceAt']) === 'edge' &&
      valueAt(raw, ['filters', text, 'jwt']) !== undefined,
  );
}

/** What filters write is taken out of every request: a rule about it would hold for nobody. */
function checkForged(raw: unknown): Finding[] {
  const told = new Set(
    entriesAt(raw, ['filters']).flatMap(([name]) =>
      entriesAt(raw, ['filters', name, 'jwt', 'forwardClaims']).map(([header]) => header.toLowerCase()),
    ),
  );
  if (told.size === 0) return [];
  const asked: Path[] = itemsAt(raw, MATCH).flatMap((rule) =>
    entriesAt(raw, [...rule, 'header']).map(([header]) => [...rule, 'header', header]),
  );
  const message = 'this header is told by a filter, and clients could forge it here';
  const hint = 'ask for the claim itself: claim';
  const sticky = textAt(raw, [...STICKY, 'header'])?.toLowerCase() ?? '';
  return [
    ...asked
      .filter((path) => told.has(String(path.at(-1)).toLowerCase()))
      .map((path) => errorAtKey(path, message, hint)),
    ...(told.has(sticky) ? [error([...STICKY, 'header'], message, hint)] : []),
  ];
}

/** Servers are chosen by what stands in the request. */
function checkBalance(raw: unknown): Finding[] {
  if (valueAt(raw, [...STICKY, 'claim']) === undefined) return [];
  const named = entriesAt(raw, ['candidate', 'upstreams']).map(([name]) => ['candidate', 'upstreams', name]);
  return [['legacy'], ['candidate'], ...named].flatMap((upstream) => {
    const isHashed = textAt(raw, [...upstream, 'balance']) === 'hash';
    if (!isHashed || valueAt(raw, [...upstream, 'hashKey']) !== undefined) return [];
    const message = 'a claim chooses no server: the address of the client does here';
    return [warning([...upstream, 'balance'], message, 'add hashKey: { cookie: NAME }')];
  });
}
