// HOT: lookups by host and path, however many routes there are; a path that servers read differently takes the slow way.
import type { HeaderFields } from '../core/headers.ts';
import { inOrder, isWildcard } from '../core/route-order.ts';
import type { RouteConfig } from '../core/snapshot.ts';
import type { FilterConfig } from '../core/filter-config.ts';
import { pathTemplates } from '../shadow/endpoint.ts';
import type { PathTemplate } from '../shadow/endpoint.ts';
import type { Filter } from './filters/types.ts';
import { Asked } from './routing/conditions.ts';
import { PathIndex, RouteEnds } from './routing/path-index.ts';
import { asRead, isAmbiguous, plainly, readingsOf } from './routing/readings.ts';

/** Makes the filter of a configuration. */
export type FilterMaker = (config: FilterConfig) => Filter;

/** For tables that are only looked at: nobody who serves requests with it lets one through. */
const named: FilterMaker = ({ name }) => ({
  name,
  onRequest() {
    throw new Error('this table of routes serves no requests');
  },
});

/** A route with everything a request needs of it, resolved once. */
export interface CompiledRoute {
  readonly config: RouteConfig;
  /** Filters that run before both lanes, and those of the candidate lane. */
  readonly edgeFilters: readonly Filter[];
  readonly filters: readonly Filter[];
  readonly templates: readonly PathTemplate[];
}

type Index = PathIndex<CompiledRoute>;

/**
 * Finds the route of a request. Routes of an exact host are asked first, then those of wildcards, the longest first,
 * then those of any host; `docs/routes.md` has the whole order.
 */
export class Router {
  /** All routes in their order. */
  readonly routes: readonly CompiledRoute[];
  private readonly ends = new RouteEnds<CompiledRoute>();
  private readonly byHost = new Map<string, Index>();
  /** By what follows the `*`: `.example.com`. */
  private readonly byWildcard = new Map<string, Index>();
  private readonly anyHost: Index = new PathIndex(this.ends);
  private readonly asked = new Asked();

  /**
   * @param make left out: filters have names only
   * @throws when a filter or a pattern cannot be made; the snapshot is refused as a whole then
   */
  constructor(routes: readonly RouteConfig[], filters: readonly FilterConfig[], make: FilterMaker = named) {
    const made = new Map(filters.map((config) => [config.name, { config, filter: make(config) }]));
    this.routes = inOrder(routes).map((config): CompiledRoute => {
      const own = config.filters.map((name) => made.get(name)).filter((found) => found !== undefined);
      const at = (where: string) =>
        own.filter((entry) => entry.config.enforceAt === where).map((entry) => entry.filter);
      const templates = pathTemplates(config.endpoints ?? []);
      return { config, edgeFilters: at('edge'), filters: at('candidate'), templates };
    });
    for (const route of this.routes) this.indexOf(route.config.match.host).add(route);
  }

  private indexOf(host: string | null): Index {
    if (host === null) return this.anyHost;
    const [map, key] = isWildcard(host) ? [this.byWildcard, host.slice(1)] : [this.byHost, host];
    const index = map.get(key) ?? new PathIndex(this.ends);
    map.set(key, index);
    return index;
  }

  /**
   * @param host lower case, may have a port
   * @param path normalised
   * @param fields for routes that ask for a header; null: the request has none
   * @param target path and query, for routes that ask for a parameter
   */
  match(
    method: string,
    host: string,
    path: string,
    fields: HeaderFields | null = null,
    target = '',
  ): CompiledRoute | null {
    this.asked.take(method, fields, target);
    const name = withoutPort(host);
    const found = isAmbiguous(path)
      ? this.guarded(this.find(name, asRead(path)), name, path)
      : this.find(name, plainly(path));
    this.asked.clear();
    return found;
  }

  private find(host: string, path: string): CompiledRoute | null {
    const own = this.byHost.size === 0 ? undefined : this.byHost.get(host);
    const found = own?.find(path, this.asked) ?? null;
    if (found !== null) return found;
    if (this.byWildcard.size > 0) {
      for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) {
        const below = this.byWildcard.get(host.slice(dot))?.find(path, this.asked) ?? null;
        if (below !== null) return below;
      }
    }
    return this.anyHost.find(path, this.asked);
  }

  /** A path that some server reads as one of another route has the guards of that route, too. */
  private guarded(found: CompiledRoute | null, host: string, path: string): CompiledRoute | null {
    let held = found;
    for (const reading of readingsOf(path)) {
      const other = this.find(host, reading);
      if (other === null || other === held) continue;
      held = held === null ? other : withGuards(held, other);
    }
    return held;
  }
}

function withGuards(route: CompiledRoute, other: CompiledRoute): CompiledRoute {
  const edge = other.edgeFilters.filter((filter) => !route.edgeFilters.includes(filter));
  const own = other.filters.filter((filter) => !route.filters.includes(filter));
  if (edge.length === 0 && own.length === 0) return route;
  return {
    ...route,
    edgeFilters: [...route.edgeFilters, ...edge],
    filters: [...route.filters, ...own],
  };
}

/** `shop.example:8080` → `shop.example`, `[::1]:80` → `[::1]`; a final dot, which names the same host, goes too. */
export function withoutPort(host: string): string {
  const colon = host.lastIndexOf(':');
  const name = colon > host.lastIndexOf(']') ? host.slice(0, colon) : host;
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
