/**
 * Attack: a token of another kind. An id token, a logout token or a signed statement of the same provider and audience, where
 * an access token is expected.
 * Known from: RFC 8725, section 3.11; RFC 9068, section 5; reports of APIs that take id tokens.
 * Why it works: issuer, audience, key and times are all right; only what it was made for is not.
 * Cutover: with `typ` only tokens whose header says one of those kinds are let in; `application/` and case do not matter.
 */
import { test } from 'vitest';
import { expectDenied, signedRaw, tokenStage, withToken } from './jwt-kit.ts';

test('with a kind of token in its policy a gateway takes no other kind', async () => {
  const on = await tokenStage({ filter: { typ: ['at+jwt'] } });
  const others = [
    'JWT',
    'id+jwt',
    'logout+jwt',
    'at',
    'xat+jwt',
    'at+jwt2',
    'at+jwt ',
    'text/at+jwt',
    '',
    7,
    null,
    ['at+jwt'],
    undefined,
  ];
  const denied = others.map((typ) => withToken(signedRaw(on.key, { header: { typ } })));
  for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt'])
    await expectDenied(on, denied, withToken(signedRaw(on.key, { header: { typ } })));
});
