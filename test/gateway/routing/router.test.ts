import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeaderFields } from '../../../src/core/headers.ts';
import type { RouteConfig, RouteMatch } from '../../../src/core/snapshot.ts';
import { Router } from '../../../src/gateway/router.ts';
import type { Filter } from '../../../src/gateway/filters/types.ts';
import { normalizePath } from '../../../src/wire/target.ts';
import { route } from '../../kit/snapshot.ts';
import { HOSTS, reference, requestPaths, tables } from './reference.ts';

const to = (name: string, match: Partial<RouteMatch>): RouteConfig =>
  route(name, '/', { match: { host: null, path: '/', methods: [], ...match } });

test('the router finds what ranking all matching routes finds, on any table', () => {
  const requests = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT'),
    host: fc.constantFrom(...HOSTS),
    path: requestPaths,
    query: fc.constantFrom('', 'x=1', 'x=2%203&y', 'y=2+3', 'x=1&x=2', 'z'),
    fields: fc
      .constantFrom([], ['X', '1'], ['x', '2', 'X', '1'], ['Y', '2 3', 'x', ''])
      .map((list) => new HeaderFields([...list])),
  });
  fc.assert(
    fc.property(tables, fc.array(requests, { minLength: 1, maxLength: 20 }), (table, asked) => {
      const router = new Router(table, []);
      for (const request of asked) {
        const { method, host, path, fields, query } = request;
        const found = router.match(method, `${host}:8080`, path, fields, `${path}?${query}`);
        expect(found?.config.name).toBe(reference(table, request)?.name);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('an exact path comes before a template, a prefix, an expression and every path', () => {
  const router = new Router(
    [
      to('rest', {}),
      to('regex', { pathKind: 'regex', path: '/[a-z]+/.*' }),
      to('short', { path: '/users' }),
      to('long', { path: '/users/me/' }),
      to('template', { pathKind: 'template', path: '/users/{id}' }),
      to('exact', { pathKind: 'exact', path: '/users/7' }),
    ],
    [],
  );
  const name = (path: string) => router.match('GET', 'x', path)?.config.name;
  expect(name('/users/7')).toBe('exact');
  expect(name('/users/8')).toBe('template');
  expect(name('/users/me/x')).toBe('long');
  expect(name('/users')).toBe('short');
  expect(name('/other/x')).toBe('regex');
  expect(name('/9')).toBe('rest');
  expect(router.match('OPTIONS', 'x', '*')?.config.name).toBe('rest');
});

test('an expression stands for the whole path and takes time in proportion to it', () => {
  const router = new Router([to('evil', { pathKind: 'regex', path: '/(a*)*b' })], []);
  expect(router.match('GET', 'x', '/aab')?.config.name).toBe('evil');
  expect(router.match('GET', 'x', '/aabx')).toBeNull();
  const started = performance.now();
  expect(router.match('GET', 'x', `/${'a'.repeat(8_000)}`)).toBeNull();
  expect(performance.now() - started).toBeLessThan(2_000);
});

test('a parameter is decoded once, and a request without fields has no header', () => {
  const router = new Router(
    [
      to('query', { query: [{ name: 'q', value: 'a b' }] }),
      to('head', { headers: [{ name: 'x-a', value: null }] }),
    ],
    [],
  );
  const name = (query: string, fields: HeaderFields | null) =>
    router.match('GET', 'x', '/', fields, `/?${query}`)?.config.name;
  expect(name('q=a%20b', null)).toBe('query');
  expect(name('q=a+b', null)).toBe('query');
  expect(name('q=a%2520b', null)).toBeUndefined();
  expect(name('', new HeaderFields(['X-A', '']))).toBe('head');
  expect(name('', null)).toBeUndefined();
});

/** What servers do to a path before they use it. */
const HABITS: readonly ((path: string) => string)[] = [
  (path) => path.replaceAll(/%2f/gi, '/'),
  (path) => path.replaceAll(/%5c/gi, '/'),
  (path) => path.replaceAll(/%2f|%5c/gi, '/'),
  (path) => path.replaceAll(/;[^/]*/g, ''),
  (path) => path.replaceAll(/(?:;|%3b)[^/]*/gi, ''),
  (path) => path.replaceAll('%24', '$').replaceAll('%40', '@'),
  (path) => path.replaceAll(/\/+/g, '/'),
];
/** One way to decode, parameters cut before or after it, the rest anywhere. */
const servers = fc
  .tuple(
    fc.constantFrom(0, 1, 2, null),
    fc.constantFrom('before', 'after', 'both', 'never'),
    fc.constantFrom(3, 4),
    fc.boolean(),
  )
  .map(([slash, when, cut, early]) => (path: string): string => {
    const use = (index: number | null, text: string) =>
      index === null ? text : (HABITS[index]?.(text) ?? text);
    let read = early ? use(5, path) : path;
    if (when === 'before' || when === 'both') read = use(3, read);
    read = use(slash, read);
    if (when === 'after' || when === 'both') read = use(cut, read);
    return use(6, early ? read : use(5, read));
  });
const PIECES = [
  'admin',
  'a',
  'x',
  '$',
  '%24',
  '%40',
  '/',
  '/',
  '//',
  '%2F',
  '%2f',
  '%5C',
  ';',
  ';v=1',
  '%3B',
  '.',
  '..',
  '%61dmin',
  '%2e',
  '/../',
  '/./',
  '/..;/',
  '%2F..%2F',
];
const pieces = fc.array(fc.constantFrom(...PIECES), { maxLength: 9 }).map((parts) => `/${parts.join('')}`);

test('what a guard denies is guarded under every way in which servers read the path', () => {
  const guards = fc.subarray(['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6']);
  const routes = [
    to('r0', {}),
    to('r1', { path: '/admin' }),
    to('r2', { path: '/admin/a/' }),
    to('r3', { pathKind: 'exact', path: '/admin/x' }),
    to('r4', { pathKind: 'template', path: '/a/{id}' }),
    to('r5', { pathKind: 'regex', path: '/x/.*' }),
    to('r6', { path: '/a$' }),
  ];
  fc.assert(
    fc.property(guards, pieces, servers, (guarded, raw, server) => {
      const path = normalizePath(raw);
      if (path === '') return;
      const router = guardedRouter(routes, guarded);
      const read = server(path);
      const reached = reference(routes, {
        method: 'GET',
        host: 'x',
        path: read,
        query: '',
        fields: new HeaderFields(),
      });
      const names = router.match('GET', 'x', path)?.edgeFilters.map(({ name }) => name) ?? [];
      const guard = guarded.find((name) => name === reached?.name);
      if (guard !== undefined) expect(names, `${raw} is read as ${read}`).toContain(guard);
    }),
    { numRuns: 20_000 },
  );
});

test('no server finds a way above a folder that the gateway does not see', () => {
  for (const raw of [
    '/a/..%3B/admin',
    '/a/..;x/admin',
    '/a%2F..%2Fadmin',
    '/a/.%2e%3bx/admin',
    '/a%5C..%5Cadmin',
  ]) {
    expect(normalizePath(raw), raw).toBe('');
  }
});

/** A router whose guarded routes have an edge filter with their name. */
function guardedRouter(routes: readonly RouteConfig[], guarded: readonly string[]): Router {
  const router = new Router(routes, []);
  for (const { config, edgeFilters } of router.routes) {
    const filter: Filter = { name: config.name };
    if (guarded.includes(config.name)) (edgeFilters as Filter[]).push(filter);
  }
  return router;
}
