/**
 * Attack: a token that says that it has no signature, `{"alg":"none"}` in any spelling, with or without a third segment.
 * Known from: CVE-2018-1000531 (prime-jwt), CVE-2020-28042 (ServiceStack); jwt_tool's `-X a` and `-X n`.
 * Why it works: RFC 7519 has unsecured tokens, and a library that lets the token choose its algorithm takes that choice.
 * Cutover: the configuration names the algorithms, `none` cannot be one of them, and a token without a signature has not the
 * form of one.
 */
import { test } from 'vitest';
import { AUDIENCE, ISSUER, nowS } from '../kit/tokens.ts';
import { compact, expectDenied, tokenStage, withToken } from './jwt-kit.ts';

const claims = { sub: 'admin', iss: ISSUER, aud: AUDIENCE, exp: nowS() + 600 };

const NONE = ['none', 'None', 'NONE', 'nOnE', '', 'none ', 'null', null, 0, false, undefined, ['none'], {}];

test('a token without a signature is denied however it says so', async () => {
  const on = await tokenStage();
  const [, , signature = ''] = (await on.token()).split('.');
  const tokens = NONE.flatMap((alg) => {
    const header = { alg, typ: 'JWT', kid: 'k1' };
    return [
      compact(header, claims),
      compact(header, claims).slice(0, -1),
      compact(header, claims, signature),
      compact(header, claims, 'AA'),
    ];
  });
  await expectDenied(on, tokens.map(withToken));
});

test('a good token whose signature is taken away is denied, with its last dot and without', async () => {
  const on = await tokenStage();
  const token = await on.token();
  const bare = token.slice(0, token.lastIndexOf('.'));
  await expectDenied(on, [withToken(bare), withToken(`${bare}.`), withToken(`${bare}..`), withToken('..')]);
});
