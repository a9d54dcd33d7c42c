import { bench, do_not_optimize, summary } from 'mitata';
import type { RouteConfig, RouteMatch } from '../../src/core/snapshot.ts';
import { Router } from '../../src/gateway/router.ts';

const KINDS = 3;

/** A table of which a third each are exact paths, templates and prefixes, on ten hosts, and one for everything. */
function table(size: number): RouteConfig[] {
  const rest = to('rest', { path: '/' });
  return [...Array.from({ length: size - 1 }, (_, index) => to(`r${index}`, matchOf(index))), rest];
}

function matchOf(index: number): Partial<RouteMatch> {
  const host = `shop${index % 10}.example`;
  if (index % KINDS === 0) return { host, pathKind: 'exact', path: `/service-${index}/status` };
  if (index % KINDS === 1) return { host, pathKind: 'template', path: `/service-${index}/users/{id}/orders` };
  return { host, path: `/service-${index}/` };
}

function to(name: string, match: Partial<RouteMatch>): RouteConfig {
  const all = { host: null, path: '/', methods: [], ...match };
  const rest = { critical: false, fallback: 'none', copyWrites: false } as const;
  return { name, match: all, upstream: 'shop', filters: [], ...rest };
}

interface Asked {
  readonly host: string;
  readonly path: string;
}

/** Requests that hit each kind of route, spread over the table, and one in eight that nothing names. */
function requestsFor(size: number): Asked[] {
  return Array.from({ length: 1_024 }, (_, at) => {
    const index = Math.floor((at / 1_024) * (size - 1));
    const host = `shop${index % 10}.example:8080`;
    if (at % 8 === 0) return { host: 'elsewhere.example', path: `/service-${index}x/status` };
    if (index % KINDS === 0) return { host, path: `/service-${index}/status` };
    return { host, path: `/service-${index}/users/${at}/orders` };
  });
}

const settle = (): void => {
  globalThis.gc?.();
};

/** Time and memory of one table, once. */
function compiled(size: number): Router {
  const routes = table(size);
  settle();
  const before = process.memoryUsage().heapUsed;
  const started = performance.now();
  const router = new Router(routes, []);
  const ms = performance.now() - started;
  settle();
  const kib = (process.memoryUsage().heapUsed - before) / 1024;
  console.log(`${size} routes: compiled in ${ms.toFixed(1)} ms, ${kib.toFixed(0)} KiB of heap`);
  return router;
}

/** The route of a request in a table of 10 and of 10,000, and the plain walk over all of them. */
export function routes(): void {
  compiled(1_000);
  const sizes = [10, 10_000];
  const routers = sizes.map((size) => ({ size, router: compiled(size), requests: requestsFor(size) }));
  summary(() => {
    for (const { size, router, requests } of routers) {
      let at = 0;
      bench(`route of a request: ${size} routes`, () => {
        const { host, path } = requests[(at = (at + 1) % requests.length)] as Asked;
        do_not_optimize(router.match('GET', host, path));
      }).baseline(size === 10);
    }
  });
}
