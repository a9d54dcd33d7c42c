import { isWildcard } from '../../core/route-order.ts';
import type { RouteMatch } from '../../core/snapshot.ts';
import type { CompiledRoute, Router } from '../../gateway/router.ts';
import { withoutPort } from '../../gateway/router.ts';
import { Asked } from '../../gateway/routing/conditions.ts';
import { PathIndex, RouteEnds } from '../../gateway/routing/path-index.ts';
import type { Matched } from '../../gateway/routing/path-index.ts';
import { asRead } from '../../gateway/routing/readings.ts';
import type { RequestHead } from '../../wire/types.ts';

/** A route that does not answer, and why. */
export interface Loser {
  readonly name: string;
  readonly why: string;
}

/** Why each of the other routes does not answer, in their order. */
export function losersOf(router: Router, head: RequestHead, winner: CompiledRoute | null): Loser[] {
  const name = winner?.config.name ?? '';
  const asked = new Asked();
  asked.take(head.method, head.fields, head.target);
  return router.routes
    .filter(({ config }) => config.name !== name)
    .map(({ config }) => ({
      name: config.name,
      why: unmet(config.match, head, asked) ?? `it matches, and ${name} comes before it`,
    }));
}

/** The first condition that a request does not meet, or null. */
function unmet(match: RouteMatch, head: RequestHead, asked: Asked): string | null {
  const { host, path, pathKind = 'prefix', methods, headers = [], query = [] } = match;
  const meets = (part: Partial<RouteMatch>): boolean => asked.meets({ host, path, methods: [], ...part });
  if (!isHostOf(host, withoutPort(head.host)))
    return `host: ${withoutPort(head.host) || 'none'} is not ${host ?? ''}`;
  if (!isPathOf(match, asRead(head.path), asked))
    return `path: ${asRead(head.path)} is not ${pathKind} ${path}`;
  if (!meets({ methods })) return `method: ${head.method} is not ${methods.join(' or ')}`;
  const header = headers.find((each) => !meets({ headers: [each] }));
  if (header !== undefined) return `header: ${wanted(header)}`;
  const parameter = query.find((each) => !meets({ query: [each] }));
  return parameter === undefined ? null : `query: ${wanted(parameter)}`;
}

function isHostOf(host: string | null, asked: string): boolean {
  if (host === null || !isWildcard(host)) return host === null || host === asked;
  return asked.endsWith(host.slice(1)) && asked.length >= host.length;
}

/** By the gateway's own index, of this one route and without its conditions. */
function isPathOf({ host, path, pathKind }: RouteMatch, read: string, asked: Asked): boolean {
  const index = new PathIndex(new RouteEnds<Matched>());
  index.add({ config: { match: { host, path, pathKind, methods: [] } } });
  return index.find(read, asked) !== null;
}

function wanted({ name, value }: { readonly name: string; readonly value: string | null }): string {
  return value === null ? `there is no ${name}` : `${name} is not ${value}`;
}
