// HOT: a walk over the routes of the request's host; no allocation.
import type { FilterConfig, RouteConfig } from '../core/snapshot.ts';
import { pathTemplates } from '../shadow/endpoint.ts';
import type { PathTemplate } from '../shadow/endpoint.ts';
import { createFilter } from './filters/order.ts';
import type { Filter } from './filters/types.ts';

/** A route with everything a request needs of it, resolved once. */
export interface CompiledRoute {
  readonly config: RouteConfig;
  /** Filters that run before both lanes, and those of the candidate lane. */
  readonly edgeFilters: readonly Filter[];
  readonly filters: readonly Filter[];
  readonly templates: readonly PathTemplate[];
}

/** Finds the route of a request. Routes come most specific first from the configuration; the first match wins. */
export class Router {
  private readonly byHost = new Map<string, CompiledRoute[]>();
  private readonly anyHost: CompiledRoute[] = [];

  /** @throws when a filter cannot be made; the snapshot is refused as a whole then */
  constructor(routes: readonly RouteConfig[], filters: readonly FilterConfig[]) {
    const made = new Map(filters.map((config) => [config.name, { config, filter: createFilter(config) }]));
    for (const config of routes) {
      const named = config.filters.map((name) => made.get(name)).filter((found) => found !== undefined);
      const at = (where: string) =>
        named.filter((entry) => entry.config.enforceAt === where).map((entry) => entry.filter);
      const templates = pathTemplates(config.endpoints ?? []);
      this.add({ config, edgeFilters: at('edge'), filters: at('candidate'), templates });
    }
  }

  private add(route: CompiledRoute): void {
    const { host } = route.config.match;
    if (host === null) this.anyHost.push(route);
    else this.byHost.set(host, [...(this.byHost.get(host) ?? []), route]);
  }

  /**
   * @param host lower case, may have a port
   * @param path normalised
   */
  match(method: string, host: string, path: string): CompiledRoute | null {
    if (this.byHost.size > 0) {
      const own = this.byHost.get(withoutPort(host));
      const found = own === undefined ? null : first(own, method, asRead(path));
      if (found !== null) return found;
    }
    return first(this.anyHost, method, asRead(path));
  }
}

const READ_DIFFERENTLY = /%2F|%5C|;/;

/** The reading of servers that take `%2F` and `%5C` for slashes and cut at `;`: no guarded route is missed by it. */
function asRead(path: string): string {
  if (!READ_DIFFERENTLY.test(path)) return path;
  return path
    .replaceAll(/%2F|%5C/g, '/')
    .replaceAll(/;[^/]*/g, '')
    .replaceAll(/\/+/g, '/');
}

function first(routes: readonly CompiledRoute[], method: string, path: string): CompiledRoute | null {
  for (const route of routes) {
    const { match } = route.config;
    if (pathMatches(path, match.path) && (match.methods.length === 0 || match.methods.includes(method)))
      return route;
  }
  return null;
}

/** `/api` matches `/api` and `/api/x`, never `/apix`; `/api/` matches what is below it; `/` matches all. */
function pathMatches(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return prefix === '/' && path === '*';
  return prefix.endsWith('/') || path.length === prefix.length || path.charCodeAt(prefix.length) === 47;
}

/** `shop.example:8080` → `shop.example`, `[::1]:80` → `[::1]`; a final dot, which names the same host, goes too. */
export function withoutPort(host: string): string {
  const colon = host.lastIndexOf(':');
  const name = colon > host.lastIndexOf(']') ? host.slice(0, colon) : host;
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
