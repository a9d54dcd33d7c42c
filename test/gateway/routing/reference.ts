import fc from 'fast-check';
import type { HeaderFields } from '../../../src/core/headers.ts';
import type { FieldMatch, PathKind, RouteConfig, RouteMatch } from '../../../src/core/snapshot.ts';
import { route } from '../../kit/snapshot.ts';

/** A request as the reference reads it. */
export interface Request {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly fields: HeaderFields;
}

/**
 * The plain way to route: every route is held against the request, then all that match are ranked. It shares no line
 * with the router; paths are compared by expressions of JavaScript.
 */
export function reference(routes: readonly RouteConfig[], request: Request): RouteConfig | null {
  const matching = routes.filter(({ match }) => accepts(match, request));
  const best = matching.filter((one) => !matching.some((other) => beats(other, one, request.path)));
  return best[0] ?? null;
}

function accepts(match: RouteMatch, request: Request): boolean {
  const { host, methods, headers = [], query = [] } = match;
  const parameters = [...new URLSearchParams(request.query)];
  const has = (pairs: readonly (readonly [string, string])[], { name, value }: FieldMatch): boolean =>
    pairs.some(([key, held]) => key === name && (value === null || held === value));
  const fields = headers.map(({ name }) =>
    request.fields.all(name).map((value): [string, string] => [name, value]),
  );
  return (
    hostAccepts(host, request.host) &&
    expressionOf(match).test(request.path) &&
    (methods.length === 0 || methods.includes(request.method)) &&
    headers.every((header, index) => has(fields[index] ?? [], header)) &&
    query.every((parameter) => has(parameters, parameter))
  );
}

function hostAccepts(host: string | null, asked: string): boolean {
  if (host === null || host === asked) return true;
  return host.startsWith('*') && asked.length >= host.length && asked.endsWith(host.slice(1));
}

const quoted = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

function expressionOf({ pathKind = 'prefix', path }: RouteMatch): RegExp {
  switch (pathKind) {
    case 'exact':
      return new RegExp(`^${quoted(path)}$`);
    case 'template': {
      const segments = path.split('/').map((each) => (each.startsWith('{') ? '[^/]+' : quoted(each)));
      return new RegExp(`^${segments.join('/')}$`);
    }
    case 'prefix':
      return path.endsWith('/') ? new RegExp(`^${quoted(path)}`) : new RegExp(`^${quoted(path)}(?:/|$)`);
    case 'regex':
      return new RegExp(`^(?:${path})$`);
  }
}

/** Whether a route that matches comes before another one that matches, rule by rule of docs/routes.md. */
function beats(one: RouteConfig, other: RouteConfig, path: string): boolean {
  const rules = [
    byHost(other.match.host) - byHost(one.match.host),
    byKind(one.match) - byKind(other.match),
    byLiterals(one.match, other.match, path),
    isPrefix(one.match) && isPrefix(other.match) ? other.match.path.length - one.match.path.length : 0,
    counted(other.match) - counted(one.match),
  ];
  return (rules.find((difference) => difference !== 0) ?? 0) < 0;
}

const byHost = (host: string | null): number =>
  host === null ? 0 : host.startsWith('*') ? host.length : 1_000;
const isPrefix = ({ pathKind = 'prefix' }: RouteMatch): boolean => pathKind === 'prefix';

function byKind(match: RouteMatch): number {
  if (isPrefix(match) && match.path === '/') return 9;
  const order: PathKind[] = ['exact', 'template', 'prefix', 'regex'];
  return order.indexOf(match.pathKind ?? 'prefix');
}

function byLiterals(one: RouteMatch, other: RouteMatch, path: string): number {
  if (one.pathKind !== 'template' || other.pathKind !== 'template') return 0;
  const [a, b] = [one.path.split('/'), other.path.split('/')];
  for (const index of path.split('/').keys()) {
    const [x, y] = [a[index]?.startsWith('{') === true, b[index]?.startsWith('{') === true];
    if (x !== y) return x ? 1 : -1;
  }
  return 0;
}

const counted = ({ methods, headers = [], query = [] }: RouteMatch): number =>
  Math.min(methods.length, 1) + headers.length + query.length;

const WORDS = ['a', 'b', 'users', 'v1', 'a$b'];
const segments = (word: fc.Arbitrary<string>) =>
  fc
    .tuple(fc.array(word, { maxLength: 3 }), fc.boolean())
    .map(([parts, folder]) => `/${parts.join('/')}${folder && parts.length > 0 ? '/' : ''}`);
const fieldMatches = fc
  .uniqueArray(fc.record({ name: fc.constantFrom('x', 'y'), value: fc.constantFrom(null, '1', '2 3') }), {
    maxLength: 2,
    selector: ({ name }) => name,
  })
  .map((list) => (list.length === 0 ? undefined : list));
const paths: fc.Arbitrary<Pick<RouteMatch, 'path' | 'pathKind'>> = fc.oneof(
  segments(fc.constantFrom(...WORDS)).map((path) => ({ path })),
  segments(fc.constantFrom(...WORDS)).map((path) => ({ path, pathKind: 'exact' as const })),
  segments(fc.constantFrom(...WORDS, '{id}', '{name}')).map((path) => ({
    path,
    pathKind: 'template' as const,
  })),
  fc
    .constantFrom('/v[0-9]+/.*', '/(a|b)/?', '/users/[^/]+', '.*b', '/a+/x?')
    .map((path) => ({ path, pathKind: 'regex' as const })),
);

export const HOSTS = ['x.example', 'shop.example', 'a.shop.example', 'b.a.shop.example', 'other'];

/** Tables of routes, with names by their place. */
export const tables: fc.Arbitrary<RouteConfig[]> = fc
  .array(
    fc.record({
      host: fc.constantFrom(null, null, '*.example', '*.shop.example', 'shop.example', 'other'),
      paths,
      methods: fc.constantFrom([], [], ['GET'], ['GET', 'POST']),
      headers: fieldMatches,
      query: fieldMatches,
    }),
    { maxLength: 24 },
  )
  .map((matches) =>
    matches.map(({ paths: where, ...rest }, index) =>
      route(`r${index}`, '/', { match: { ...rest, ...where } }),
    ),
  );

/** Paths near those of the tables. */
export const requestPaths = segments(fc.constantFrom(...WORDS, 'c', 'v22'));
