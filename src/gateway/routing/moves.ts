// HOT: only for routes that rewrite or redirect, or that have several upstreams.
import { stickyPosition, hash32 } from '../../core/hash.ts';
import { HeaderFields } from '../../core/headers.ts';
import type { RouteConfig, RouteMatch } from '../../core/snapshot.ts';
import { normalizePath } from '../../wire/target.ts';
import type { FilterAnswer } from '../filters/types.ts';
import { asRead } from './readings.ts';

/** Another order of keys than those of shares and samples. */
const SALT = hash32('upstream of a route');

/**
 * The upstream of one request by the weights of its route. It depends on the key alone, so that a user stays with one,
 * and the client's request and its copy take the same.
 * @param key of the user, or the request's id where nobody is known
 */
export function upstreamFor(config: RouteConfig | undefined, key: string): string {
  const several = config?.upstreams;
  if (several === undefined) return config?.upstream ?? '';
  let total = 0;
  for (const { weight } of several) total += weight;
  let left = stickyPosition(SALT, key) * total;
  for (const { name, weight } of several) {
    left -= weight;
    if (left < 0) return name;
  }
  return config?.upstream ?? '';
}

/**
 * The target with the path of the match replaced by another prefix, normalised again: `/api/` and `/v2/` make
 * `/v2/users?q=1` of `/api/users?q=1`. A path that servers read in different ways goes on as the one that was routed.
 * @returns '' when no path comes out that a request may have
 */
export function movedTarget(match: RouteMatch, prefix: string, path: string, target: string): string {
  if (path === '*') return target;
  const rest = asRead(path).slice(match.path.length);
  const joined = rest === '' ? prefix : `${prefix}${match.path.endsWith('/') ? '/' : ''}${rest}`;
  const moved = normalizePath(joined.replaceAll(/\/{2,}/g, '/'));
  return moved === '' ? '' : moved + target.slice(path.length);
}

/**
 * The answer of a route that redirects: always to a path of the same host, which never begins with `//` and holds
 * nothing but what a normalised target holds, so that it neither leads elsewhere nor ends the field.
 * @returns null when no path comes out that a request may have
 */
export function redirectAnswer(config: RouteConfig, path: string, target: string): FilterAnswer | null {
  if (config.redirect === undefined) return null;
  const location = movedTarget(config.match, config.redirect.prefix, path, target);
  if (!/^\/(?!\/)[!-~]*$/.test(location)) return null;
  const fields = new HeaderFields(['Location', location, 'Content-Type', 'text/plain; charset=utf-8']);
  return { status: config.redirect.status, fields, body: '' };
}
