/**
 * Attack: two tokens in one request. A good one that the gateway reads and a bad one that the server reads, or the other way
 * round: two Authorization fields, one with a comma, a token in the query or in a cookie beside it, a parameter twice in two
 * spellings.
 * Known from: Envoy CVE-2026-26308 (policies that read the first of several values), RFC 6750, section 2 (one method per
 * request); parameter pollution.
 * Why it works: of several values one program takes the first and the next one the last.
 * Cutover: a token is read in one place, and two values there are none. Elsewhere nothing is read as one.
 */
import { test } from 'vitest';
import { get } from './kit.ts';
import { expectDenied, tokenStage } from './jwt-kit.ts';

test('two Authorization fields are none, in any order, case and number', async () => {
  const on = await tokenStage();
  const token = await on.token();
  const good = `Authorization: Bearer ${token}`;
  const others = [
    good,
    'authorization: Bearer x.y.z',
    'AUTHORIZATION: Basic YWRhOmFkYQ==',
    'Authorization: ',
    'authorization:',
  ];
  await expectDenied(on, [
    ...others.flatMap((other) => [get('/guarded', good, other), get('/guarded', other, good)]),
    get('/guarded', good, good, good),
    get('/guarded', `${good}, Bearer ${token}`),
    get('/guarded', `Authorization: Basic YWRhOmFkYQ==, Bearer ${token}`),
  ]);
});

test('a token elsewhere than where it is expected is none', async () => {
  const on = await tokenStage();
  const token = await on.token();
  await expectDenied(on, [
    get(`/guarded?access_token=${token}`),
    get('/guarded', `Cookie: access_token=${token}`),
    get('/guarded', `X-Authorization: Bearer ${token}`),
    get('/guarded', `Proxy-Authorization: Bearer ${token}`),
    get('/guarded', `X-Forwarded-Authorization: Bearer ${token}`),
  ]);
});

test('a parameter that stands there twice is none, also in another spelling', async () => {
  const on = await tokenStage({ filter: { source: { in: 'query', name: 'access_token' } } });
  const token = await on.token();
  const good = `access_token=${token}`;
  await expectDenied(
    on,
    [
      get(`/guarded?${good}&${good}`),
      get(`/guarded?${good}&access_token=`),
      get(`/guarded?access_token&${good}`),
      get(`/guarded?${good}&access%5Ftoken=x`),
      get(`/guarded?%61ccess_token=x&a=1&${good}`),
      get(`/guarded?access_token=${token.replace('.', '%2E')}`),
      get(`/guarded?access_token=${token}%00`),
      get('/guarded', `Authorization: Bearer ${token}`),
    ],
    get(`/guarded?a=1&${good}`),
  );
});

test('a cookie that stands there twice is none, in one field or in two', async () => {
  const on = await tokenStage({ filter: { source: { in: 'cookie', name: 'sid' } } });
  const token = await on.token();
  await expectDenied(
    on,
    [
      get('/guarded', `Cookie: sid=${token}; sid=${token}`),
      get('/guarded', `Cookie: sid=${token}`, 'Cookie: sid=x'),
      get('/guarded', `Cookie: sid; sid=${token}`),
      get('/guarded', `Cookie: sid=${token};sid =x`),
      get('/guarded', `Cookie: sid="${token}"`),
      get('/guarded', `Cookie: SID=${token}`),
    ],
    get('/guarded', `Cookie: a=b; sid=${token}`, 'Cookie: c=d'),
  );
});
