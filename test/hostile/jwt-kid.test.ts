/**
 * Attack: the name of the key as a way in: `../../dev/null` (an empty file is a known secret), a URL, SQL, a shell command,
 * a name of an object's own parts (`__proto__`, `constructor`), one of many kilobytes, or none.
 * Known from: PortSwigger's labs, PayloadsAllTheThings, jwt_tool's `-I -hc kid`.
 * Why it works: `kid` is free text of an unverified token, and applications open, query or fetch what it says.
 * Cutover: it is compared with the names in the key set, and used for nothing else; a long one is refused unread.
 */
import { createHmac } from 'node:crypto';
import { test } from 'vitest';
import { AUDIENCE, encoded, ISSUER, keySetOf, nowS, signingKey } from '../kit/tokens.ts';
import { expectDenied, signedRaw, tokenStage, withToken } from './jwt-kit.ts';

const KIDS = [
  '../../../../dev/null',
  '/dev/null',
  'file:///dev/null',
  'http://127.0.0.1/key',
  "x' UNION SELECT 'secret'; --",
  '1; touch /tmp/pwned',
  '$(id)',
  '{{7*7}}',
  '__proto__',
  'constructor',
  'toString',
  'K1',
  'k1 ',
  ' k1',
  'k1\u0000',
  'k1/../k1',
  'k1\r\nX-Admin: 1',
  '',
  'x'.repeat(257),
  'k1'.repeat(2_000),
];

test('a key id is compared and never used, whatever it says', async () => {
  const on = await tokenStage();
  const claims = encoded({ sub: 'admin', iss: ISSUER, aud: AUDIENCE, exp: nowS() + 600 });
  const tokens: string[] = [];
  for (const kid of KIDS) {
    const signed = `${encoded({ alg: 'HS256', kid })}.${claims}`;
    tokens.push(
      await on.token({ header: { kid } }),
      `${signed}.${createHmac('sha256', '').update(signed).digest('base64url')}`,
      `${signed}.${createHmac('sha256', '\0').update(signed).digest('base64url')}`,
    );
  }
  await expectDenied(on, tokens.map(withToken));
});

test('a key id that is no text is no key id', async () => {
  const on = await tokenStage();
  const tokens = [7, true, ['k1'], { k1: 1 }].map((kid) => signedRaw(on.key, { header: { kid } }));
  await expectDenied(on, tokens.map(withToken), withToken(signedRaw(on.key)));
});

test('a token without a key id is verified by the only key that fits, and by none of several', async () => {
  const first = await signingKey('a');
  const second = await signingKey('b');
  const parts = { header: { kid: undefined } };
  const one = await tokenStage({ key: first });
  await expectDenied(one, [withToken('a.b.c')], withToken(await one.token(parts)));
  const two = await tokenStage({ key: first, keys: { text: keySetOf(first, second) } });
  await expectDenied(two, [withToken(await two.token(parts))]);
});
