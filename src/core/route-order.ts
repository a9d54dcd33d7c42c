import type { PathKind, RouteConfig, RouteMatch } from './snapshot.ts';

const KINDS: Readonly<Record<PathKind, number>> = { exact: 0, template: 1, prefix: 2, regex: 3 };
/** `/` says nothing about a path, so that it comes after everything that does. */
const EVERYTHING = 4;

/**
 * Routes in the order in which they are asked: an exact host before a longer wildcard before a shorter one before any
 * host; then an exact path, a template (literal for longer first), the longer prefix, an expression, every path; then
 * more conditions (methods, headers, parameters) before fewer; else the order they came in.
 */
export function inOrder(routes: readonly RouteConfig[]): RouteConfig[] {
  const keyed = routes.map((route) => ({ route, rank: rankOf(route.match) }));
  keyed.sort((one, other) => compare(one.rank, other.rank));
  return keyed.map(({ route }) => route);
}

type Rank = readonly (number | string)[];

function rankOf(match: RouteMatch): Rank {
  return [...hostRank(match.host), kindRank(match), shapeOf(match), lengthRank(match), -conditionsOf(match)];
}

function hostRank(host: string | null): [kind: number, length: number] {
  if (host === null) return [2, 0];
  return isWildcard(host) ? [1, -host.length] : [0, 0];
}

function kindRank(match: RouteMatch): number {
  return isEverything(match) ? EVERYTHING : KINDS[match.pathKind ?? 'prefix'];
}

function lengthRank({ pathKind = 'prefix', path }: RouteMatch): number {
  return pathKind === 'prefix' ? -path.length : 0;
}

/** `/users/{id}` as `00 1`: of two templates with one path the one that is literal for longer comes first. */
function shapeOf({ pathKind, path }: RouteMatch): string {
  if (pathKind !== 'template') return '';
  return path
    .split('/')
    .map((segment) => (isVariable(segment) ? '1' : '0'))
    .join('');
}

/** How many conditions there are beside host and path; methods are one. */
function conditionsOf({ methods, headers = [], query = [] }: RouteMatch): number {
  return (methods.length === 0 ? 0 : 1) + headers.length + query.length;
}

/** Whether a match takes every path. */
export function isEverything({ pathKind = 'prefix', path }: RouteMatch): boolean {
  return pathKind === 'prefix' && path === '/';
}

/** Whether a segment of a template stands for any one. */
export function isVariable(segment: string): boolean {
  return segment.startsWith('{');
}

/** Whether a host stands for all names below it. */
export function isWildcard(host: string): boolean {
  return host.startsWith('*.');
}

function compare(one: Rank, other: Rank): number {
  const at = one.findIndex((value, index) => value !== other[index]);
  if (at === -1) return 0;
  return (one[at] as number | string) < (other[at] as number | string) ? -1 : 1;
}
