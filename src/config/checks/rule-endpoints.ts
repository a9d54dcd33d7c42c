import { isSafeMethod } from '../../core/methods.ts';
import { templateOf } from '../../core/path-template.ts';
import { matchesParts, partOf } from '../../core/rule-path.ts';
import type { Finding, Path } from '../problem.ts';
import { error } from '../problem.ts';
import { matchAt } from '../route-view.ts';
import type { MatchView } from '../route-view.ts';
import { didYouMean } from '../suggest.ts';
import { itemsAt, textsAt, valueAt } from '../view.ts';

const ROUTES = ['candidate', 'routes'];
const METHOD = /^(?:[A-Z]{1,20}|\*)$/;
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** A route as far as it decides which endpoints there are. */
interface Reach {
  readonly path: string;
  readonly methods: readonly string[];
  readonly copyWrites: boolean;
}

/** Endpoints that some route takes and whose requests are compared. */
export function checkEndpoints(raw: unknown, rule: Path): Finding[] {
  const routes = routesOf(raw);
  return textsAt(raw, [...rule, 'endpoints']).flatMap(({ text, path }) => {
    const found = problemOf(text, routes);
    return found === null ? [] : [error(path, ...found)];
  });
}

function routesOf(raw: unknown): Reach[] {
  const routes = itemsAt(raw, ROUTES).map((route) => ({
    ...reachOf(matchAt(raw, route)),
    copyWrites: valueAt(raw, [...route, 'copyWrites']) === true,
  }));
  return routes.length === 0 ? [{ path: '/', methods: [], copyWrites: false }] : routes;
}

/** Of an expression nobody knows which paths it takes: any. A template has any word where it has a name. */
function reachOf({ kind, path, methods }: MatchView): Pick<Reach, 'path' | 'methods'> {
  if (kind === 'prefix' || kind === 'exact') return { path, methods };
  const brace = path.indexOf('/{');
  return { path: kind === 'regex' ? '/' : brace === -1 ? path : path.slice(0, brace + 1), methods };
}

function problemOf(endpoint: string, routes: readonly Reach[]): [message: string, hint: string] | null {
  const [method = '', path = '', ...rest] = endpoint.split(' ');
  if (!METHOD.test(method) || !path.startsWith('/') || rest.length > 0) {
    return ['this is no endpoint', endpointHint(method, path)];
  }
  const template = templateOf(path);
  if (template !== path) {
    return ['this rule can never match: ids are folded in endpoints', `write: ${method} ${template}`];
  }
  return routeProblem(method, path, routes);
}

function endpointHint(method: string, path: string): string {
  if (method.startsWith('/')) return `write the method before it: GET ${method}`;
  if (method !== '' && path.startsWith('/'))
    return `write the method in capitals: ${method.toUpperCase()} ${path}`;
  return 'write a method and a path: GET /users/{id}, or * /api/**';
}

function routeProblem(
  method: string,
  path: string,
  routes: readonly Reach[],
): [message: string, hint: string] | null {
  const here = routes.filter((route) => meets(path, route.path));
  if (here.length === 0) {
    const near = didYouMean(
      path,
      routes.map((route) => route.path),
    );
    return [
      `this rule can never match: no route takes ${path}`,
      near ?? 'name an endpoint below one of the routes',
    ];
  }
  if (method === '*') return null;
  const taking = here.filter(({ methods }) => methods.length === 0 || methods.includes(method));
  if (taking.length === 0) {
    const known = here.flatMap(({ methods }) => methods);
    return [`this rule can never match: no route takes ${method} there`, didYouMean(method, known) ?? ''];
  }
  if (isSafeMethod(method) || taking.some(({ copyWrites }) => copyWrites)) return null;
  const hint = METHODS.includes(method)
    ? 'set copyWrites: true on its route, or remove the endpoint'
    : (didYouMean(method, METHODS) ?? 'write a method that is copied');
  return [`this rule can never match: ${method} is not copied, and so not compared`, hint];
}

/** Whether a glob over paths has one below a prefix. */
function meets(glob: string, prefix: string): boolean {
  const parts = glob.split('/').map(partOf);
  const wanted = templateOf(prefix.replace(/\/$/, '')).split('/');
  // Some part of the glob stands for the whole prefix, whatever comes behind it.
  return (
    parts.some((_, index) => matchesParts(parts.slice(0, index + 1), wanted)) || startsWithin(parts, wanted)
  );
}

/** `/**` and the like, which reach below any prefix although they end before it. */
function startsWithin(parts: ReturnType<typeof partOf>[], wanted: readonly string[]): boolean {
  const open = parts.indexOf('**');
  if (open === -1) return false;
  return wanted.length >= open && matchesParts(parts.slice(0, open), wanted.slice(0, open));
}
