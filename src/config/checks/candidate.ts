import { UNROUTED } from '../../core/snapshot.ts';
import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey, warning } from '../problem.ts';
import { upstreamFields } from '../schema-upstream.ts';
import type { Source } from '../source.ts';
import { didYouMean } from '../suggest.ts';
import { entriesAt, itemsAt, textAt, textsAt, valueAt } from '../view.ts';
import { upstreamsAt } from '../route-view.ts';
import { checkRoutes } from './routes.ts';

const CANDIDATE = ['candidate'];
const ROUTES = ['candidate', 'routes'];
const UPSTREAMS = ['candidate', 'upstreams'];

/** One of the two shapes, names that exist, names that are used, routes that can be reached. */
export function checkCandidate(source: Source): Finding[] {
  return [
    ...checkAnything(source.raw),
    ...checkShape(source.raw),
    ...checkReferences(source),
    ...checkRouteNames(source),
    ...checkRoutes(source),
    ...checkUnused(source.raw),
  ];
}

/** An empty file lacks everything: to say so once is enough. */
function checkAnything(raw: unknown): Finding[] {
  const hint = 'write one: cutover init --force, or name another file: -c FILE';
  return raw === null ? [error([], 'the configuration is empty', hint)] : [];
}

function checkShape(raw: unknown): Finding[] {
  if (valueAt(raw, CANDIDATE) === undefined || valueAt(raw, CANDIDATE) === null) return [];
  const has = (key: string) => valueAt(raw, [...CANDIDATE, key]) !== undefined;
  const example = 'write servers: [http://127.0.0.1:7001], or upstreams and routes';
  if (has('servers')) {
    const other = ['upstreams', 'routes'].find(has);
    if (other === undefined) return [];
    return [errorAtKey([...CANDIDATE, other], `servers and ${other} exclude each other`, 'keep one of them')];
  }
  if (!has('upstreams') && !has('routes'))
    return [errorAtKey(CANDIDATE, 'the candidate has no servers', example)];
  if (!has('routes')) return [errorAtKey(UPSTREAMS, 'no route leads to these upstreams', 'add routes')];
  const stray = Object.keys(upstreamFields).filter(has);
  if (stray.length > 0) {
    return stray.map((key) =>
      errorAtKey([...CANDIDATE, key], `${key} goes with servers`, 'move it to an upstream'),
    );
  }
  return has('upstreams')
    ? []
    : [errorAtKey(ROUTES, 'there are no upstreams for these routes', 'add upstreams')];
}

/** Upstreams and filters that routes name. */
function checkReferences(source: Source): Finding[] {
  const upstreams = new Set(entriesAt(source.raw, UPSTREAMS).map(([name]) => name));
  const filters = new Set(entriesAt(source.raw, ['filters']).map(([name]) => name));
  const unknown = (kind: string, path: Path, known: ReadonlySet<string>): Finding[] => {
    const name = textAt(source.raw, path);
    if (name === null || known.has(name)) return [];
    const hint = didYouMean(name, [...known]) ?? `define it first; there is no ${kind} yet`;
    return [error(path, `there is no ${kind} "${source.written(path)}"`, hint)];
  };
  return itemsAt(source.raw, ROUTES).flatMap((route) => [
    ...(upstreams.size === 0
      ? []
      : upstreamsAt(source.raw, route).flatMap((path) => unknown('upstream', path, upstreams))),
    ...textsAt(source.raw, [...route, 'filters']).flatMap(({ path }) => unknown('filter', path, filters)),
  ]);
}

function checkRouteNames(source: Source): Finding[] {
  const seen = new Map<string, number>();
  return itemsAt(source.raw, ROUTES).flatMap((route, index) => {
    const path = [...route, 'name'];
    const name = textAt(source.raw, path);
    if (name === null) return [];
    if (name === UNROUTED)
      return [error(path, `"${UNROUTED}" is the name of what no route matches`, 'choose another')];
    const first = seen.get(name);
    seen.set(name, first ?? index);
    if (first === undefined) return [];
    const message = `the route name "${source.written(path)}" is taken by routes[${first}]`;
    return [error(path, message, 'give each route a name of its own')];
  });
}

function checkUnused(raw: unknown): Finding[] {
  const routes = itemsAt(raw, ROUTES);
  const upstreams = new Set(
    routes.flatMap((route) => upstreamsAt(raw, route).map((path) => textAt(raw, path))),
  );
  const principals = itemsAt(raw, ['admin', 'remote', 'principals']);
  const filters = new Set([
    ...routes.flatMap((route) => textsAt(raw, [...route, 'filters']).map(({ text }) => text)),
    ...principals.map((path) => textAt(raw, [...path, 'jwt'])),
  ]);
  const unused = (kind: string, path: Path, used: ReadonlySet<string | null>) =>
    entriesAt(raw, path)
      .filter(([name]) => !used.has(name))
      .map(([name]): Finding => {
        const found = warning(
          [...path, name],
          `no route uses this ${kind}`,
          'remove it, or name it in a route',
        );
        return { ...found, at: 'key' };
      });
  return [
    ...(routes.length === 0 ? [] : unused('upstream', UPSTREAMS, upstreams)),
    ...unused('filter', ['filters'], filters),
  ];
}
