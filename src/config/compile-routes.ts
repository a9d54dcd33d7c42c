import type { RouteConfig } from '../core/snapshot.ts';
import type { Config } from './schema.ts';

type Route = NonNullable<Config['candidate']['routes']>[number];

/** A route as requests are matched against it. */
export function compileRoute(entry: Route): RouteConfig {
  const { match, ...rest } = entry;
  const host = match.host?.toLowerCase() ?? null;
  return { ...rest, match: { host, path: match.path, methods: match.methods } };
}

/**
 * The first route that matches wins, so the most specific stands first: a host before none, then the longer
 * path, then methods before none; else the order of the file.
 */
export function bySpecificity(routes: readonly RouteConfig[]): RouteConfig[] {
  const rank = ({ match }: RouteConfig) => [
    match.host === null ? 0 : 1,
    match.path.length,
    match.methods.length === 0 ? 0 : 1,
  ];
  return routes.toSorted((one, other) => {
    const [a, b] = [rank(one), rank(other)];
    const index = a.findIndex((value, position) => value !== b[position]);
    return index === -1 ? 0 : (b[index] as number) - (a[index] as number);
  });
}
