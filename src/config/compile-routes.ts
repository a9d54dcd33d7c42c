import type { FieldMatch, RouteConfig, RouteMatch } from '../core/snapshot.ts';
import type { Config } from './schema.ts';

type Route = NonNullable<Config['candidate']['routes']>[number];
type Match = Route['match'];

/** A route as requests are matched against it. */
export function compileRoute(entry: Route): RouteConfig {
  const { upstream, upstreams, match, ...rest } = entry;
  const several = upstreams === undefined ? {} : { upstreams };
  return {
    ...rest,
    match: compileMatch(match),
    upstream: upstream ?? upstreams?.[0]?.name ?? '',
    ...several,
  };
}

function compileMatch({ host, path, methods, headers, query }: Match): RouteMatch {
  return {
    host: host?.toLowerCase() ?? null,
    ...pathOf(path),
    methods,
    ...(headers === undefined ? {} : { headers: fieldsOf(headers, (name) => name.toLowerCase()) }),
    ...(query === undefined ? {} : { query: fieldsOf(query, (name) => name) }),
  };
}

/** The kind is left out for a prefix: what was written before there were others is hashed as before. */
function pathOf(path: Match['path']): Pick<RouteMatch, 'path' | 'pathKind'> {
  if (typeof path === 'string') return { path };
  if (path.exact !== undefined) return { pathKind: 'exact', path: path.exact };
  if (path.template !== undefined) return { pathKind: 'template', path: path.template };
  return { pathKind: 'regex', path: path.regex ?? '' };
}

function fieldsOf(
  fields: Readonly<Record<string, string | true>>,
  key: (name: string) => string,
): FieldMatch[] {
  return Object.entries(fields).map(([name, value]) => ({
    name: key(name),
    value: value === true ? null : value,
  }));
}
