/**
 * Attack: a client that writes the headers in which the gateway tells servers who it is: with its own token beside them, with no
 * token on an open route, twice, in another case, or as a hop-by-hop field that is to be erased; or through a claim of its own
 * choice that ends the line.
 * Known from: the header spoofing of every gateway that sets `X-User` (Envoy's `forward_payload_header`, oauth2-proxy
 * CVE-2025-64484: `X_Forwarded_User`), CVE-2021-32777.
 * Why it works: the server cannot tell the gateway's field from the client's.
 * Cutover: what filters may write is taken out of every request, on every route and copy; a claim that a header cannot carry
 * as it is becomes none.
 */
import { expect, test } from 'vitest';
import { route, upstreamConfig } from '../kit/snapshot.ts';
import { jwtConfig, keySetOf, signingKey, tokenOf } from '../kit/tokens.ts';
import { get, stage, statuses } from './kit.ts';

const key = await signingKey();
const forward = [
  { header: 'X-User', claim: 'sub' },
  { header: 'X-Roles', claim: 'roles' },
];

const guarded = () =>
  stage({
    rollout: { sample: 1 },
    config: ({ candidate }) => ({
      trustedProxies: ['127.0.0.1/32'],
      candidate: {
        upstreams: [upstreamConfig('candidate', candidate.url)],
        routes: [route('open', '/open'), route('all', '/', { filters: ['staff'] })],
        filters: [jwtConfig({ text: keySetOf(key) }, { forward })],
      },
    }),
  });

const LIES = ['X-User: root', 'x-user: root', 'X-ROLES: admin', 'X-Roles: admin', 'X_User: root'];

test.each(['/open', '/guarded'])(
  'what clients say about themselves reaches no server: %s',
  async (target) => {
    const on = await guarded();
    const token = `Authorization: Bearer ${await tokenOf(key)}`;
    for (const lie of LIES) {
      on.legacy.forget();
      on.candidate.forget();
      expect(statuses(await on.send(get(target, lie, token, lie)))).toEqual([200]);
      await on.gateway.settled();
      for (const server of [on.legacy, on.candidate]) {
        const fields = [...server.bytes.matchAll(/^(x[-_](?:user|roles)): (.*)\r$/gim)].map((match) =>
          match[0].trim(),
        );
        expect({ lie, fields }).toEqual({ lie, fields: target === '/open' ? [] : ['X-User: ada'] });
      }
    }
  },
);

test('a client cannot have them erased as fields of its connection', async () => {
  const on = await guarded();
  const token = `Authorization: Bearer ${await tokenOf(key, { claims: { roles: 'guest' } })}`;
  expect(statuses(await on.send(get('/guarded', token, 'Connection: X-User, X-Roles, close')))).toEqual([
    200,
  ]);
  expect(on.legacy.bytes).toContain('X-User: ada\r\nX-Roles: guest\r\n');
});

const UNFIT = [
  'a\r\nX-Admin: 1',
  'a\nb',
  'a\u0000b',
  ' a',
  'a ',
  '\u00e9',
  '\u{1f600}',
  '',
  'x'.repeat(2_000),
  ['a', 'b,c'],
  ['a', ['b']],
  { a: 1 },
  null,
];

test('a claim that a header cannot carry as it is becomes none', async () => {
  const on = await guarded();
  for (const roles of UNFIT) {
    on.legacy.forget();
    const token = await tokenOf(key, { claims: { roles } });
    const bytes = get('/guarded', `Authorization: Bearer ${token}`, 'X-Roles: admin');
    expect({ roles, answer: statuses(await on.send(bytes)) }).toEqual({ roles, answer: [200] });
    expect(on.legacy.bytes).toContain('X-User: ada\r\n');
    expect(on.legacy.bytes).not.toMatch(/x-roles|x-admin/i);
  }
});
