import type { RouteMatch } from '../../core/snapshot.ts';
import type { CompiledRoute } from '../../gateway/router.ts';
import { Router, withoutPort } from '../../gateway/router.ts';
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
  return router.routes
    .filter(({ config }) => config.name !== name)
    .map(({ config }) => ({
      name: config.name,
      why: unmet(config.match, head) ?? `it matches, and ${name} comes before it`,
    }));
}

/** The first condition that a request does not meet, or null. */
function unmet(match: RouteMatch, head: RequestHead): string | null {
  const { host, path, pathKind = 'prefix', methods, headers = [], query = [] } = match;
  const meets = (part: Partial<RouteMatch>): boolean => {
    const alone = { host: null, path: '/', methods: [], ...part };
    const { method, fields, target } = head;
    return new Router([bare(alone)], []).match(method, head.host, asRead(head.path), fields, target) !== null;
  };
  if (!meets({ host })) return `host: ${withoutPort(head.host) || 'none'} is not ${host ?? ''}`;
  if (!meets({ path, pathKind })) return `path: ${asRead(head.path)} is not ${pathKind} ${path}`;
  if (!meets({ methods })) return `method: ${head.method} is not ${methods.join(' or ')}`;
  const header = headers.find((each) => !meets({ headers: [each] }));
  if (header !== undefined) return `header: ${wanted(header)}`;
  const parameter = query.find((each) => !meets({ query: [each] }));
  return parameter === undefined ? null : `query: ${wanted(parameter)}`;
}

function wanted({ name, value }: { readonly name: string; readonly value: string | null }): string {
  return value === null ? `there is no ${name}` : `${name} is not ${value}`;
}

function bare(match: RouteMatch): CompiledRoute['config'] {
  return {
    name: 'one',
    match,
    upstream: '',
    filters: [],
    critical: false,
    fallback: 'none',
    copyWrites: false,
  };
}
