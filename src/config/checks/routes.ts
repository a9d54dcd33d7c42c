import { RE2JS } from 're2js';
import { messageOf } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { normalizePath } from '../../wire/target.ts';
import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey, warning } from '../problem.ts';
import { matchAt } from '../route-view.ts';
import type { MatchView } from '../route-view.ts';
import { PATH, TEMPLATE } from '../schema-match.ts';
import type { Source } from '../source.ts';
import { itemsAt, textAt, valueAt } from '../view.ts';

const ROUTES = ['candidate', 'routes'];
/** Characters that mean something in an expression. */
const SPECIAL = /[\\.+*?()|[\]{}^$]/;
const READ_DIFFERENTLY = /%2F|%5C|%3B|;/i;

interface Placed {
  readonly route: Path;
  /** As people find it: `routes[3] "api"`. */
  readonly name: string;
  /** The path as it is written: no variable is printed. */
  readonly path: string;
  readonly match: MatchView;
}

/** Routes that some request can reach: paths in their one form, patterns that are some, nothing that hides another. */
export function checkRoutes(source: Source): Finding[] {
  const { raw } = source;
  const routes = itemsAt(raw, ROUTES).map((route, index): Placed => {
    const name = textAt(raw, [...route, 'name']);
    const shown = name === null ? '' : ` "${source.written([...route, 'name'])}"`;
    const match = matchAt(raw, route);
    return { route, name: `routes[${index}]${shown}`, path: source.written(match.place), match };
  });
  return [
    ...routes.flatMap(checkPath),
    ...routes.flatMap((placed) => checkAnswer(raw, placed)),
    ...checkCount(routes),
    ...checkTwice(routes),
    ...checkHidden(routes),
  ];
}

function checkPath({ path: written, match: { kind, path, place } }: Placed): Finding[] {
  if (kind === 'regex') return checkPattern(path, place);
  // What is no path at all is said by the schema.
  if (!(kind === 'template' ? TEMPLATE : PATH).test(path)) return [];
  if (READ_DIFFERENTLY.test(path)) {
    const message =
      'no request is matched like this: %2F and %5C are read as slashes, and what follows a ; is cut';
    return [error(place, message, 'write the path as a server reads it')];
  }
  const normal = kind === 'template' ? path : normalizePath(path);
  if (normal === path || normal === '') return [];
  return [
    error(
      place,
      'no request is matched like this: paths are normalised first',
      written === path ? `write: ${normal}` : null,
    ),
  ];
}

function checkPattern(pattern: string, place: Path): Finding[] {
  // The schema says that it is too long; nothing compiles it.
  if (pattern.length > LIMITS.routePatternChars) return [];
  try {
    RE2JS.compile(pattern);
  } catch (thrown) {
    const why = messageOf(thrown).replace(/^error parsing regexp: /, '');
    const hint = 'expressions are RE2’s: no look-around and no back-references';
    return [error(place, `this is no expression: ${why}`, hint)];
  }
  if (/^\^?(?:\/|\.\*|\(|\[|\\)/.test(pattern)) return [];
  return [
    warning(place, 'this expression stands for the whole path, which starts with /', 'begin it with /'),
  ];
}

/** One of the three ways to answer, and a path whose part can be replaced. */
function checkAnswer(raw: unknown, { route, match }: Placed): Finding[] {
  const has = (key: string): boolean => valueAt(raw, [...route, key]) !== undefined;
  const ways = ['upstream', 'upstreams', 'redirect'].filter(has);
  const moves = ['rewrite', 'redirect'].filter(has);
  const weights = itemsAt(raw, [...route, 'upstreams']).map((item) => valueAt(raw, [...item, 'weight']));
  const none = 'write upstream: NAME, upstreams: [{ name: NAME, weight: 1 }] or redirect: { prefix: /new/ }';
  return [
    ...(ways.length === 0 ? [errorAtKey(route, 'the key "upstream" is missing', none)] : []),
    ...ways
      .slice(1)
      .map((key) => errorAtKey([...route, key], `${ways[0]} and ${key} exclude each other`, 'keep one')),
    ...(weights.length > 0 && weights.every((weight) => weight === 0)
      ? [errorAtKey([...route, 'upstreams'], 'no upstream has a weight above 0', 'give one of them a weight')]
      : []),
    ...moves
      .filter(() => match.kind === 'template' || match.kind === 'regex')
      .map((key) =>
        errorAtKey(
          [...route, key],
          `a ${match.kind} has no part that could be replaced`,
          'match a prefix or { exact }',
        ),
      ),
    ...(has('rewrite') && has('redirect')
      ? [errorAtKey([...route, 'rewrite'], 'a route that redirects asks no server', 'remove one of them')]
      : []),
  ];
}

function checkCount(routes: readonly Placed[]): Finding[] {
  const over = routes.filter(({ match }) => match.kind === 'regex')[LIMITS.routePatterns];
  if (over === undefined) return [];
  const message = `at most ${LIMITS.routePatterns} routes can have an expression`;
  return [error(over.match.place, message, 'use templates: { template: /users/{id} }')];
}

/** Two routes with one match: the second would never see a request. */
function checkTwice(routes: readonly Placed[]): Finding[] {
  const seen = new Map<string, Placed>();
  return routes.flatMap((placed) => {
    const key = keyOf(placed.match);
    const first = seen.get(key);
    if (first === undefined) seen.set(key, placed);
    if (first === undefined) return [];
    const message = `this route is never reached: ${first.name} matches the same requests`;
    return [
      errorAtKey([...placed.route, 'match'], message, 'change its path, host or conditions, or remove it'),
    ];
  });
}

function keyOf({ kind, path, host, methods, conditions }: MatchView): string {
  const shape = kind === 'template' ? path.replaceAll(/\{[^{}/]*\}/g, '{}') : path;
  return JSON.stringify([kind, shape, host, methods, conditions]);
}

/** Expressions come after prefixes: one whose paths all lie below an unconditional prefix of its host is never asked. */
function checkHidden(routes: readonly Placed[]): Finding[] {
  const prefixes = routes.filter(({ match }) => isOpen(match));
  return routes.flatMap(({ route, match }) => {
    if (match.kind !== 'regex') return [];
    const start = literalStart(match.path);
    const hiding = prefixes.find(
      (other) => other.match.host === match.host && covers(other.match.path, start),
    );
    if (hiding === undefined) return [];
    const message = `this route is never reached: ${hiding.name} takes every path below ${hiding.path} before it`;
    return [
      errorAtKey([...route, 'match'], message, 'write it as { template: … }, which comes before prefixes'),
    ];
  });
}

function isOpen({ kind, path, methods, conditions }: MatchView): boolean {
  return kind === 'prefix' && path !== '/' && methods.length === 0 && conditions.length === 0;
}

/** Whether all paths that begin with a text lie below a prefix. */
function covers(prefix: string, start: string): boolean {
  return start.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

/** The text that every path of an expression begins with, as far as that is plain to see. */
function literalStart(pattern: string): string {
  const body = pattern.startsWith('^') ? pattern.slice(1) : pattern;
  if (body.includes('|')) return '';
  const end = body.search(SPECIAL);
  if (end === -1) return body;
  // A quantifier takes the character before it away.
  return body.slice(0, '*?{'.includes(body[end] as string) ? Math.max(0, end - 1) : end);
}
