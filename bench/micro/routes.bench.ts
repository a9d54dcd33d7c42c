import { do_not_optimize } from 'mitata';
import { seededRandom } from '../../src/core/random.ts';
import type { RouteConfig, RouteMatch } from '../../src/core/snapshot.ts';
import { Router } from '../../src/gateway/router.ts';

const KINDS = 3;

/**
 * A table of which a third each are exact paths, templates and prefixes, and one route for everything. Each host has all
 * kinds, so that a request has the same work to do in a small table as in a large one.
 */
function table(size: number, hosts: number): RouteConfig[] {
  const rest = to('rest', { path: '/' });
  return [...Array.from({ length: size - 1 }, (_, index) => to(`r${index}`, matchOf(index, hosts))), rest];
}

const hostOf = (index: number, hosts: number): string => `shop${Math.floor(index / KINDS) % hosts}.example`;

function matchOf(index: number, hosts: number): Partial<RouteMatch> {
  const host = hostOf(index, hosts);
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

/** How many different requests are made in turn. */
const REQUESTS = 4_096;

/** Requests that hit each kind of route equally often, drawn from the whole table, and one in eight that nothing names. */
function requestsFor(size: number, hosts: number): Asked[] {
  const random = seededRandom(size + hosts);
  return Array.from({ length: REQUESTS }, (_, at) => {
    const kind = at % KINDS;
    const index = Math.floor((random.next() * (size - 1)) / KINDS) * KINDS + kind;
    const host = `${hostOf(index, hosts)}:8080`;
    if (at % 8 === 0) return { host, path: `/service-${index}x/status` };
    if (kind === 0) return { host, path: `/service-${index}/status` };
    return { host, path: `/service-${index}/users/${1_000 + (at % 1_000)}/orders` };
  });
}

const settle = (): void => {
  globalThis.gc?.();
};

/** Time and memory of one table, once. */
function compiled(size: number, hosts: number): Router {
  const routes = table(size, hosts);
  settle();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const started = performance.now();
  const router = new Router(routes, []);
  const ms = performance.now() - started;
  settle();
  const after = process.memoryUsage();
  const kib = (after.heapUsed - heapUsed + after.arrayBuffers - arrayBuffers) / 1024;
  console.log(`${size} routes on ${hosts} hosts: compiled in ${ms.toFixed(1)} ms, ${kib.toFixed(0)} KiB`);
  return router;
}

interface Measured {
  readonly name: string;
  readonly router: Router;
  readonly requests: readonly Asked[];
  /** Nanoseconds of one lookup, for each block. */
  readonly blocks: number[];
}

const ROUNDS = 300;
const LOOKUPS = 2_000;

/** Nanoseconds of one lookup, over a block of them. */
function block({ router, requests }: Measured, round: number): number {
  let at = round * LOOKUPS;
  const started = performance.now();
  for (const end = at + LOOKUPS; at < end; at += 1) {
    const { host, path } = requests[at % REQUESTS] as Asked;
    do_not_optimize(router.match('GET', host, path));
  }
  return ((performance.now() - started) * 1e6) / LOOKUPS;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] as number;
}

/**
 * The route of a request in a table of 10, of 1,000 and of 10,000. Blocks of lookups are made in turn, because each
 * table then finds the caches as another one left them, and whatever else the machine does meets all of them.
 */
export function routes(): void {
  const sizes = [
    { size: 10, hosts: 1 },
    { size: 1_000, hosts: 1 },
    { size: 10_000, hosts: 1 },
    { size: 10_000, hosts: 100 },
  ];
  const tables = sizes.map(({ size, hosts }): Measured => {
    const name = `${size} routes on ${hosts} ${hosts === 1 ? 'host' : 'hosts'}`;
    return { name, router: compiled(size, hosts), requests: requestsFor(size, hosts), blocks: [] };
  });
  for (let round = 0; round < ROUNDS * 1.1; round += 1) {
    for (const one of tables) {
      const ns = block(one, round);
      if (round >= ROUNDS * 0.1) one.blocks.push(ns);
    }
  }
  const base = tables[0]?.blocks ?? [];
  for (const { name, blocks } of tables) {
    const ratio = median(blocks.map((ns, index) => ns / (base[index] as number)));
    const best = Math.min(...blocks).toFixed(0);
    console.log(
      `route of a request, ${name}: ${median(blocks).toFixed(0)} ns (best ${best}), ${ratio.toFixed(2)} x`,
    );
  }
}
