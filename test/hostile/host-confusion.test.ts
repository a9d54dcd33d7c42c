/**
 * Attack: one host for the guard, another for the server. Two Host fields, an absolute target that disagrees with Host,
 * `user@host`, a port, a dot at the end, upper case: routes and virtual hosts are chosen by different readings.
 * Known from: "Host of Troubles" (2016), Envoy CVE-2026-26308 (several values in one check), CVE-2022-32215.
 * Why it works: RFC 9112 lets the target win over Host, many servers let Host win, caches let either.
 * Cutover: exactly one Host, of letters a host may have; an absolute target must name the same host, and is forwarded in
 * origin form; case, port and a final dot make no other host for a route.
 */
import { expect, test } from 'vitest';
import type { GatewayConfig } from '../../src/core/snapshot.ts';
import { route, upstreamConfig } from '../kit/snapshot.ts';
import { fieldsOf } from './lenient-upstream.ts';
import type { LenientUpstream } from './lenient-upstream.ts';
import { expectRefused, stage, statuses } from './kit.ts';

test.each([
  ['none', 'GET /x HTTP/1.1\r\n\r\n'],
  ['two that differ', 'GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
  ['two that agree', 'GET /x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'],
  ['an empty one', 'GET /x HTTP/1.1\r\nHost:\r\n\r\n'],
  ['a list', 'GET /x HTTP/1.1\r\nHost: a, b\r\n\r\n'],
  ['a blank inside', 'GET /x HTTP/1.1\r\nHost: a b\r\n\r\n'],
  ['a user', 'GET /x HTTP/1.1\r\nHost: b@a\r\n\r\n'],
  ['a path', 'GET /x HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['a backslash', 'GET /x HTTP/1.1\r\nHost: a\\b\r\n\r\n'],
  ['a query', 'GET /x HTTP/1.1\r\nHost: a?b\r\n\r\n'],
  ['a fragment', 'GET /x HTTP/1.1\r\nHost: a#b\r\n\r\n'],
  ['an escape', 'GET /x HTTP/1.1\r\nHost: %61\r\n\r\n'],
  ['a scheme', 'GET /x HTTP/1.1\r\nHost: http://a\r\n\r\n'],
  ['two ports', 'GET /x HTTP/1.1\r\nHost: a:80:81\r\n\r\n'],
  ['a port that is none', 'GET /x HTTP/1.1\r\nHost: a:x\r\n\r\n'],
  ['an empty port', 'GET /x HTTP/1.1\r\nHost: a:\r\n\r\n'],
  ['a port too large', 'GET /x HTTP/1.1\r\nHost: a:65536\r\n\r\n'],
  ['a signed port', 'GET /x HTTP/1.1\r\nHost: a:+80\r\n\r\n'],
  ['an open bracket', 'GET /x HTTP/1.1\r\nHost: [::1\r\n\r\n'],
  ['a bracket that holds no address', 'GET /x HTTP/1.1\r\nHost: [x]\r\n\r\n'],
  ['dots in a row', 'GET /x HTTP/1.1\r\nHost: a..b\r\n\r\n'],
  ['a quote', 'GET /x HTTP/1.1\r\nHost: a"b\r\n\r\n'],
  ['a letter above ASCII', 'GET /x HTTP/1.1\r\nHost: \u00e9\r\n\r\n'],
  ['a folded one', 'GET /x HTTP/1.1\r\nHost:\r\n a\r\n\r\n'],
  ['a folded second one', 'GET /x HTTP/1.1\r\nHost: a\r\n Host: b\r\n\r\n'],
  ['a blank before the colon', 'GET /x HTTP/1.1\r\nHost: a\r\nHost : b\r\n\r\n'],
  ['an absolute target for another', 'GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an absolute target with another port', 'GET http://a:81/x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an absolute target with a user', 'GET http://b@a/x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an absolute target with a password', 'GET http://a:80@b/x HTTP/1.1\r\nHost: b\r\n\r\n'],
  ['an absolute target without a host', 'GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['two of HTTP/1.0', 'GET /x HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n'],
])('refuses a host that could be read in two ways: %s', async (_name, bytes) => {
  await expectRefused(await stage(), bytes);
});

function hosts({
  legacy,
  candidate,
}: {
  legacy: LenientUpstream;
  candidate: LenientUpstream;
}): Partial<GatewayConfig> {
  const upstreams = [upstreamConfig('guarded', candidate.url), upstreamConfig('open', legacy.url)];
  const match = { host: 'guarded.example', path: '/', methods: [] };
  const routes = [
    route('guarded', '/', { match, upstream: 'guarded' }),
    route('open', '/', { upstream: 'open' }),
  ];
  return { candidate: { upstreams, routes, filters: [] } };
}

test.each([
  'guarded.example',
  'GUARDED.Example',
  'guarded.example:80',
  'guarded.example:8080',
  'guarded.example.',
  'guarded.example.:80',
])('a route for a host is chosen for every writing of it: %s', async (host) => {
  const on = await stage({ config: hosts, rollout: { phase: 'retired' } });
  expect(statuses(await on.send(`GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`))).toEqual([200]);
  expect(on.candidate.lines).toEqual(['GET /x']);
  expect(on.legacy.bytes).toBe('');
});

test('an absolute target leaves in origin form, with one Host in lower case', async () => {
  const on = await stage();
  await on.send('GET HTTP://A:80/x?y HTTP/1.1\r\nHost: a\r\nX-Host: b\r\nX-Original-URL: /admin\r\n\r\n');
  expect(on.legacy.lines).toEqual(['GET /x?y']);
  expect(fieldsOf(on.legacy.requests[0] ?? { fields: [] }, 'host')).toEqual(['a']);
});
