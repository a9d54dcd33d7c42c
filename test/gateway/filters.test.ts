import { expect, test } from 'vitest';
import type { GatewayConfig } from '../../src/core/snapshot.ts';
import type { JwtFilterConfig } from '../../src/core/token-policy.ts';
import { headerOf } from '../kit/answer-reader.ts';
import { Connection, fetchOnce } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import { lanes } from '../kit/lanes.ts';
import { route, upstreamConfig } from '../kit/snapshot.ts';
import { AUDIENCE, ISSUER, jwtConfig, keySetOf, nowS, signingKey, tokenOf } from '../kit/tokens.ts';
import type { SigningKey } from '../kit/tokens.ts';
import type { Upstream } from '../kit/upstream.ts';

const key = await signingKey();
const stranger = await signingKey();

/** A signed token; parts can be made wrong. */
function token(
  rest: { key?: SigningKey; expires?: number; issuer?: string; audience?: string } = {},
): Promise<string> {
  const { expires = 300, issuer = ISSUER, audience = AUDIENCE } = rest;
  return tokenOf(rest.key ?? key, { claims: { iss: issuer, aud: audience, exp: nowS() + expires } });
}

function guarded(candidate: Upstream, enforceAt: JwtFilterConfig['enforceAt']): Partial<GatewayConfig> {
  const filter = jwtConfig({ text: keySetOf(key) }, { enforceAt });
  const upstreams = [upstreamConfig('candidate', candidate.url)];
  return { candidate: { upstreams, routes: [route('api', '/', { filters: ['staff'] })], filters: [filter] } };
}

async function ask(
  url: string,
  authorization?: string,
): Promise<{ status: number; challenge: string | undefined }> {
  const headers = authorization === undefined ? {} : { Authorization: authorization };
  const answer = await fetchOnce(url, { headers });
  return { status: answer.status, challenge: headerOf(answer, 'www-authenticate') };
}

test('a valid token reaches the candidate and everything else is answered 401', async () => {
  const both = await lanes();
  const { url } = await inProcessGateway(both, { phase: 'retired' }, guarded(both.candidate, 'candidate'));
  expect(await ask(url, `Bearer ${await token()}`)).toMatchObject({ status: 200 });
  expect(await ask(url)).toEqual({ status: 401, challenge: 'Bearer' });
  const wrong = [
    await token({ key: stranger }),
    await token({ expires: -3_600 }),
    await token({ issuer: 'https://evil.example' }),
    await token({ audience: 'other' }),
    'not.a.token',
    `${(await token()).slice(0, -1)}=`,
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"ada"}').toString('base64url')}.`,
  ];
  for (const one of wrong) {
    expect(await ask(url, `Bearer ${one}`)).toEqual({
      status: 401,
      challenge: 'Bearer error="invalid_token"',
    });
  }
  expect(both.candidate.count()).toBe(1);
});

test('two Authorization headers are refused instead of choosing one', async () => {
  const both = await lanes();
  const { url } = await inProcessGateway(both, { phase: 'retired' }, guarded(both.candidate, 'candidate'));
  const connection = await Connection.open(url);
  const good = await token();
  const answer = await connection.exchange(
    `GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${good}\r\nAuthorization: Bearer ${good}\r\n\r\n`,
  );
  expect([answer.status, both.candidate.count()]).toEqual([401, 0]);
});

test('in shadow the filter of the candidate lane answers the copy, and legacy answers the client', async () => {
  const both = await lanes();
  const { url, settled, classes } = await inProcessGateway(both, {}, guarded(both.candidate, 'candidate'));
  expect((await ask(url)).status).toBe(200);
  const { pairs } = await settled();
  expect(pairs.shadow).toMatchObject({ sent: 1, compared: 1, answeredByFilter: 1 });
  expect(both.candidate.count()).toBe(0);
  expect(classes()).toMatchObject({ 'denied status/200-401': 1 });
});

test('a filter at the edge answers before both lanes and nothing is copied', async () => {
  const both = await lanes();
  const { url, settled } = await inProcessGateway(both, {}, guarded(both.candidate, 'edge'));
  expect((await ask(url)).status).toBe(401);
  expect((await ask(url, `Bearer ${await token()}`)).status).toBe(200);
  const { edge, ineligible, pairs } = await settled();
  expect([both.legacy.count(), both.candidate.count(), pairs.shadow.sent]).toEqual([1, 1, 1]);
  expect([edge, ineligible]).toEqual([{ filter: 1 }, { edge_answer: 1 }]);
});

test('a body waits for the edge filter and then arrives whole', async () => {
  const both = await lanes();
  const { url } = await inProcessGateway(both, {}, guarded(both.candidate, 'edge'));
  const body = Buffer.alloc(300_000, 'z');
  const answer = await fetchOnce(url, {
    method: 'POST',
    body,
    headers: { Authorization: `Bearer ${await token()}` },
  });
  expect([answer.status, both.legacy.requests[0]?.body.length]).toEqual([200, 300_000]);
});

test('a token has one spelling: trailing bits that no encoder writes are refused', async () => {
  const both = await lanes();
  const { url } = await inProcessGateway(both, { phase: 'retired' }, guarded(both.candidate, 'candidate'));
  const good = await token();
  const signature = good.slice(good.lastIndexOf('.') + 1);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const same = (text: string) => Buffer.from(text, 'base64url').equals(Buffer.from(signature, 'base64url'));
  const twin = Array.from(alphabet)
    .map((last) => signature.slice(0, -1) + last)
    .find((text) => text !== signature && same(text));
  expect(twin).toBeDefined();
  expect((await ask(url, `Bearer ${good}`)).status).toBe(200);
  expect((await ask(url, `Bearer ${good.slice(0, -signature.length)}${twin}`)).status).toBe(401);
});
