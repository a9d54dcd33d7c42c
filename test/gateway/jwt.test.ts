import { expect, test } from 'vitest';
import type { GatewayConfig, RolloutView } from '../../src/core/snapshot.ts';
import type { JwtFilterConfig } from '../../src/core/token-policy.ts';
import { headerOf } from '../kit/answer-reader.ts';
import { fetchOnce } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import type { InProcessGateway } from '../kit/in-process.ts';
import { lanes } from '../kit/lanes.ts';
import { gatewayConfig, route, upstreamConfig } from '../kit/snapshot.ts';
import { jwtConfig, keySetOf, nowS, signingKey, tokenOf } from '../kit/tokens.ts';
import type { Upstream } from '../kit/upstream.ts';

const key = await signingKey();
const keys = { text: keySetOf(key) };
const FORWARD = [
  { header: 'X-User', claim: 'sub' },
  { header: 'X-Groups', claim: 'realm.groups' },
];

interface Site extends InProcessGateway {
  readonly legacy: Upstream;
  readonly candidate: Upstream;
  readonly rules: (rest: Partial<JwtFilterConfig>) => Partial<GatewayConfig>;
}

/** `/open` asks for nothing, everything else for a token. */
async function site(
  filter: Partial<JwtFilterConfig> = {},
  rollout: Partial<RolloutView> = {},
  rest: Partial<GatewayConfig> = {},
): Promise<Site> {
  const both = await lanes();
  const rules = (more: Partial<JwtFilterConfig>): Partial<GatewayConfig> => ({
    candidate: {
      upstreams: [upstreamConfig('candidate', both.candidate.url)],
      routes: [route('open', '/open'), route('api', '/', { filters: ['staff'] })],
      filters: [jwtConfig(keys, { ...filter, ...more })],
    },
  });
  return { ...both, rules, ...(await inProcessGateway(both, rollout, { ...rules({}), ...rest })) };
}

async function ask(
  { url }: Pick<Site, 'url'>,
  target: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; challenge: string | undefined; retryAfter: string | undefined; lane: string }> {
  const answer = await fetchOnce(url, { target, headers });
  return {
    status: answer.status,
    challenge: headerOf(answer, 'www-authenticate'),
    retryAfter: headerOf(answer, 'retry-after'),
    lane: headerOf(answer, 'x-cutover-lane') ?? '',
  };
}

const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });
const TOLD = ['x-user', 'x-groups'];
const told = (upstream: Upstream, at = 0): (string | undefined)[] =>
  TOLD.map((name) => upstream.requests[at]?.all(name).join('+'));

test('verified claims are told to the lanes, and nobody else tells them, on any route and on no copy', async () => {
  const on = await site({ forward: FORWARD });
  const lies = { 'X-User': 'root', 'x-groups': 'admins' };
  const token = await tokenOf(key, { claims: { realm: { groups: ['a', 'b'] } } });
  expect((await ask(on, '/x', { ...bearer(token), ...lies })).status).toBe(200);
  await on.settled();
  expect([told(on.legacy), told(on.candidate)]).toEqual([
    ['ada', 'a,b'],
    ['ada', 'a,b'],
  ]);
  expect((await ask(on, '/open', lies)).status).toBe(200);
  await on.settled();
  expect([told(on.legacy, 1), told(on.candidate, 1)]).toEqual([
    ['', ''],
    ['', ''],
  ]);
  // A claim that is not there is no header, and neither is one that a header cannot carry as it is.
  const odd = await tokenOf(key, { claims: { sub: 'a\r\nX-Admin: 1' } });
  expect((await ask(on, '/x', { ...bearer(odd), ...lies })).status).toBe(200);
  expect(told(on.legacy, 2)).toEqual(['', '']);
});

test('a filter of the candidate lane tells its claims to the candidate alone', async () => {
  const on = await site({ forward: FORWARD, enforceAt: 'candidate' });
  expect((await ask(on, '/x', bearer(await tokenOf(key)))).status).toBe(200);
  await on.settled();
  expect([told(on.legacy), told(on.candidate)]).toEqual([
    ['', ''],
    ['ada', ''],
  ]);
});

test('a good token whose claims are not enough is answered 403, and tells no server', async () => {
  const on = await site({ require: [{ claim: 'scope', contains: 'orders' }] });
  const token = (scope: unknown) => tokenOf(key, { claims: { scope } });
  expect((await ask(on, '/x', bearer(await token('read orders')))).status).toBe(200);
  const refused = { status: 403, challenge: 'Bearer error="insufficient_scope"' };
  for (const scope of ['read', 'orders:read', undefined, { orders: true }, 7]) {
    const own = bearer(await token(scope));
    expect(await ask(on, '/x', own)).toMatchObject(refused);
    expect(await ask(on, '/x', own)).toMatchObject(refused);
  }
  expect(on.legacy.count()).toBe(1);
});

test('a token is looked for in the place that is configured and in no other', async () => {
  const token = await tokenOf(key);
  const header = await site({ source: { in: 'header', name: 'x-token' } });
  expect((await ask(header, '/x', { 'X-Token': token })).status).toBe(200);
  expect(await ask(header, '/x', bearer(token))).toMatchObject({ status: 401, challenge: 'Bearer' });
  const cookie = await site({ source: { in: 'cookie', name: 'sid' } });
  expect((await ask(cookie, '/x', { Cookie: `a=b; sid=${token}; c=d` })).status).toBe(200);
  expect((await ask(cookie, '/x', { Cookie: `xsid=${token}` })).status).toBe(401);
  expect((await ask(cookie, '/x', { Cookie: `sid=${token}; sid=x` })).status).toBe(401);
  const query = await site({ source: { in: 'query', name: 'access_token' } });
  expect((await ask(query, `/x?a=1&access_token=${token}`)).status).toBe(200);
  expect(query.legacy.requests[0]?.target).toBe(`/x?a=1&access_token=${token}`);
  expect((await ask(query, `/x?access_token=${token}&access%5Ftoken=x`)).status).toBe(401);
});

test.each([
  ['Authorization', { in: 'authorization', name: '' }],
  ['X-Token', { in: 'header', name: 'x-token' }],
  ['Cookie', { in: 'cookie', name: 'sid' }],
  ['query', { in: 'query', name: 'access_token' }],
] as const)(
  'the token is taken out of what servers get where that is configured: %s',
  async (where, source) => {
    const token = await tokenOf(key);
    const value = {
      Authorization: `Bearer ${token}`,
      'X-Token': token,
      Cookie: `a=b; sid=${token}`,
      query: '',
    };
    for (const enforceAt of ['edge', 'candidate'] as const) {
      const on = await site(
        { source, forwardToken: false, enforceAt },
        { phase: 'enforce', reverseSample: 0 },
      );
      const target = where === 'query' ? `/x?a=1&access_token=${token}&b=2` : '/x?a=1&b=2';
      expect((await ask(on, target, where === 'query' ? {} : { [where]: value[where] })).status).toBe(200);
      const [got] = on.candidate.requests;
      expect([got?.target, got?.rawHeaders.join(' ').includes(token)]).toEqual(['/x?a=1&b=2', false]);
      if (where === 'Cookie') expect(got?.header('cookie')).toBe('a=b');
    }
  },
);

test.each(['edge', 'candidate'] as const)(
  'copies carry the token, none, or one of their own, as the policy says: %s',
  async (enforceAt) => {
    const token = await tokenOf(key);
    const on = await site({ enforceAt });
    const seen = async (copyToken: JwtFilterConfig['copyToken'], rollout: Partial<RolloutView> = {}) => {
      on.apply({ config: on.rules({ copyToken }), rollout });
      on.legacy.forget();
      on.candidate.forget();
      expect((await ask(on, '/x', bearer(token))).status).toBe(200);
      await on.settled();
      const authorization = (upstream: Upstream) => upstream.requests[0]?.header('authorization');
      return [authorization(on.legacy), authorization(on.candidate)];
    };
    const own = `Bearer ${token}`;
    expect(await seen('keep')).toEqual([own, own]);
    expect(await seen('strip')).toEqual([own, undefined]);
    expect(await seen({ swap: 'of-the-copies' })).toEqual([own, 'Bearer of-the-copies']);
    const back = { phase: 'enforce', reverseSample: 1 } as const;
    expect(await seen('strip', back)).toEqual([undefined, own]);
    // Meant for the candidate: legacy would answer another user.
    expect(await seen({ swap: 'of-the-copies' }, back)).toEqual([own, own]);
  },
);

test('a claim chooses the lane: canary by group, share by user, and neither without a token', async () => {
  const rule = { header: null, cookie: null, host: null, from: [], claim: ['groups', 'staff'] } as const;
  const on = await site({}, { phase: 'canary', canary: [rule], sample: 0, reverseSample: 0 });
  const as = async (claims: Record<string, unknown>, target = '/x') =>
    (await ask(on, target, bearer(await tokenOf(key, { claims })))).lane;
  expect(await as({ groups: ['staff', 'x'] })).toBe('candidate');
  expect(await as({ groups: 'staff' })).toBe('candidate');
  expect(await as({ groups: ['staffed'] })).toBe('legacy');
  expect(await as({})).toBe('legacy');
  expect(await as({ groups: ['staff'] }, '/open')).toBe('legacy');
  const sticky = { stickyKey: { claim: 'sub' } };
  on.apply({
    rollout: { phase: 'regional', canary: [], shares: { 'eu-west': 0.5 } },
    config: { ...on.rules({}), ...sticky },
  });
  const first = new Map<string, string>();
  for (let user = 0; user < 40; user += 1) first.set(`u${user}`, await as({ sub: `u${user}` }));
  const onCandidate = [...first.values()].filter((lane) => lane === 'candidate').length;
  expect(onCandidate).toBeGreaterThan(5);
  expect(onCandidate).toBeLessThan(35);
  for (const [sub, lane] of first) expect(await as({ sub, jti: 'another' })).toBe(lane);
});

test('without a claim in the plan a token does not choose the lane a second time', async () => {
  const rule = { header: ['x-canary', '1'], cookie: null, host: null, from: [] } as const;
  const on = await site({}, { phase: 'canary', canary: [rule], sample: 0, reverseSample: 0 });
  const own = bearer(await tokenOf(key));
  expect((await ask(on, '/x', { ...own, 'X-Canary': '1' })).lane).toBe('candidate');
  expect((await ask(on, '/x', own)).lane).toBe('legacy');
});

test('a token that was revoked is refused from the moment the configuration says so', async () => {
  const on = await site({}, { phase: 'retired' });
  const own = bearer(await tokenOf(key, { claims: { jti: 'lost' } }));
  const other = bearer(await tokenOf(key, { claims: { jti: 'kept' } }));
  for (const each of [own, own, other]) expect((await ask(on, '/x', each)).status).toBe(200);
  on.apply({ config: on.rules({ revoked: ['lost'] }) });
  const invalid = { status: 401, challenge: 'Bearer error="invalid_token"' };
  expect(await ask(on, '/x', own)).toMatchObject(invalid);
  expect((await ask(on, '/x', other)).status).toBe(200);
});

test('a verified token is asked about again at its end and at no moment after it', async () => {
  const on = await site({}, { phase: 'retired' });
  const exp = nowS() + 2;
  const own = bearer(await tokenOf(key, { claims: { exp } }));
  expect((await ask(on, '/x', own)).status).toBe(200);
  await expect
    .poll(async () => (await ask(on, '/x', own)).status, { timeout: 10_000, interval: 20 })
    .toBe(401);
  expect(Date.now() / 1000).toBeGreaterThanOrEqual(exp);
});

test('what an NGINX mirrors is asked nowhere when a filter at the edge denies it', async () => {
  const listeners = gatewayConfig('http://127.0.0.1:1', 'http://127.0.0.1:1').listeners;
  const mirror = { listeners: listeners.map((listener) => ({ ...listener, mirror: true })) };
  const on = await site({ forward: FORWARD }, {}, mirror);
  expect((await ask(on, '/x', bearer('x.y.z'))).status).toBe(204);
  expect((await ask(on, '/x')).status).toBe(204);
  expect((await fetchOnce(on.url, { method: 'POST', target: '/x', body: 'hello' })).status).toBe(204);
  const denied = await on.settled();
  expect([on.legacy.count(), on.candidate.count()]).toEqual([0, 0]);
  expect(denied.ineligible).toEqual({ edge_answer: 3 });
  expect((await ask(on, '/x', bearer(await tokenOf(key)))).status).toBe(204);
  const { pairs } = await on.settled();
  expect([told(on.legacy), told(on.candidate), pairs.shadow.sent]).toEqual([['ada', ''], ['ada', ''], 1]);
});

test('who brings a token that is wrong is told as an event with its reason, and the client hears none', async () => {
  const on = await site({ enforceAt: 'edge' });
  await ask(on, '/x');
  await ask(on, '/x', bearer('not.a.token'));
  await ask(on, '/x', bearer(await tokenOf(key, { claims: { aud: 'other' } })));
  await ask(on, '/x', bearer(await tokenOf(await signingKey())));
  await ask(on, '/x', bearer(await tokenOf(key, { claims: { exp: nowS() - 60 } })));
  await on.settled();
  const told = on.deltas.flatMap(({ denials = [] }) => denials);
  expect(told.map(({ by, reason, address }) => `${by} ${reason} ${address}`).toSorted()).toEqual([
    'token audience 127.0.0.1',
    'token malformed 127.0.0.1',
    'token signature 127.0.0.1',
  ]);
});
