/**
 * Attack: one path for the guard, another for the server. `/x/../admin`, `//admin`, `/%61dmin`, `/admin;x`, `/admin%2Fx`:
 * the check sees a harmless name, the server resolves it to the guarded one.
 * Known from: CVE-2026-26205 (`//admin` in OPA-Envoy), Envoy's `path_with_escaped_slashes_action`, Tomcat's `..;/`,
 * the tables of GrrrDog's weird_proxies.
 * Why it works: every server normalises differently; a proxy that checks one form and forwards another lets two of them
 * disagree.
 * Cutover: one normal form is matched, filtered and forwarded. Where servers differ after that (`%2F`, `%5C`, `;`), the
 * route is chosen by the reading that opens more doors; a form with no single meaning is refused.
 */
import { expect, test } from 'vitest';
import type { GatewayConfig } from '../../src/core/snapshot.ts';
import { route, upstreamConfig } from '../kit/snapshot.ts';
import type { LenientUpstream } from './lenient-upstream.ts';
import { jwtConfig, keySetOf, signingKey } from '../kit/tokens.ts';
import { get, stage, statuses } from './kit.ts';

const key = await signingKey('k');

/** `/admin` wants a token at the edge, everything else is open. */
function guarded({ candidate }: { candidate: LenientUpstream }): Partial<GatewayConfig> {
  const upstreams = [upstreamConfig('candidate', candidate.url)];
  const staff = jwtConfig({ text: keySetOf(key) });
  return {
    candidate: {
      upstreams,
      routes: [route('admin', '/admin', { filters: ['staff'] }), route('open')],
      filters: [staff],
    },
  };
}

const staged = () => stage({ config: guarded, rollout: { phase: 'retired' } });

test.each([
  '/admin',
  '/admin/',
  '/admin?x=/',
  '//admin',
  '///admin//users',
  '/./admin',
  '/x/../admin',
  '/x/./../admin/',
  '/x//../admin',
  '/%61dmin',
  '/%61%64%6D%69%6e',
  '/%2e/admin',
  '/x/%2e%2e/admin',
  '/x/%2E%2e/./admin',
  '/x/.%2e/admin',
  '/admin/../admin',
  '/admin%2f',
  '/admin%2Fusers',
  '/admin%5cusers',
  '/%2fadmin',
  '/%2F%2Fadmin',
  '/%5Cadmin',
  '/admin;x=y',
  '/admin;/users',
  '/;x/admin',
  '/;x=y/admin;z/',
  'http://a/x/../admin',
  'http://a//admin',
])('the guard is asked for every form of the guarded path: %s', async (target) => {
  const on = await staged();
  expect({ target, answer: statuses(await on.send(get(target))) }).toEqual({ target, answer: [401] });
  expect(on.candidate.bytes).toBe('');
});

test.each([
  '/../admin',
  '/x/../../admin',
  '/%2e%2e/admin',
  '/x/..;/admin',
  '/x/..;y/admin',
  '/x/..%2fadmin',
  '/x/%2e%2e%2fadmin',
  '/x/..%5cadmin',
  '/x%2f..%2fadmin',
  '/x/.;/admin',
  '/x\\..\\admin',
  '\\admin',
  '/\\admin',
  '/admin%00',
  '/admin%00.png',
  '/admin#x',
  '/x#/../admin',
  '/adm%69n%',
  '/admin%2',
  '/admin%zz',
  '/admin\t',
  '/admin\u007f',
  'admin',
  './admin',
  '?/admin',
])('refuses a path that has no single meaning: %s', async (target) => {
  const on = await staged();
  expect({ target, answer: statuses(await on.send(get(target))) }).toEqual({ target, answer: [400] });
  expect(on.candidate.bytes).toBe('');
});

test.each([
  ['/x/../y', '/y'],
  ['//x//y/', '/x/y/'],
  ['/x/%7euser', '/x/~user'],
  ['/x/%c3%a9', '/x/%C3%A9'],
  ['/\u00c3\u00a9', '/%C3%A9'],
  ['/%252e%252e/admin', '/%252e%252e/admin'],
  ['/x/%2525', '/x/%2525'],
  ['/x%2fy', '/x%2Fy'],
  ['/x;v=1/y', '/x;v=1/y'],
  ['/%EF%BC%8Fadmin', '/%EF%BC%8Fadmin'],
  ['/adminx', '/adminx'],
  ['http://a/x?y=/../z', '/x?y=/../z'],
  ['/x?y=//../%2e%2e/admin', '/x?y=//../%2e%2e/admin'],
])('forwards exactly the form that was matched: %s as %s', async (target, forwarded) => {
  const on = await staged();
  expect(statuses(await on.send(get(target)))).toEqual([200]);
  expect(on.candidate.lines).toEqual([`GET ${forwarded}`]);
});
