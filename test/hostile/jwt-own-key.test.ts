/**
 * Attack: a token that brings its own key, or says where to fetch it: `jwk` and `x5c` in the header, `jku` and `x5u` with the
 * attacker's URL, or with one inside the network, which the gateway would ask for him (SSRF).
 * Known from: CVE-2018-0114 (Cisco's node-jose); jwt_tool's `-X i` and `-X s`; PayloadsAllTheThings.
 * Why it works: RFC 7515 has these members, and a library that looks at them trusts the token about whom to trust.
 * Cutover: nothing of it is read. Keys come from the configuration, and no token makes the gateway ask anybody.
 */
import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { makeAuthority } from '../kit/certificate-maker.ts';
import { keyServer } from '../kit/key-server.ts';
import { AUDIENCE, ISSUER, keySetOf, nowS, signingKey } from '../kit/tokens.ts';
import { expectDenied, tokenStage, withToken } from './jwt-kit.ts';

const own = await signingKey('mine');
const claims = { sub: 'admin', iss: ISSUER, aud: AUDIENCE, exp: nowS() + 600 };

/** Signed by the attacker's key, with a header of his choice. */
const forged = (header: Readonly<Record<string, unknown>>): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: own.alg, ...header }).sign(own.privateKey);

test('a key in the header of a token is no reason to trust it', async () => {
  const on = await tokenStage();
  const certificate = makeAuthority('id.example').der.toString('base64');
  const headers = ['mine', 'k1', undefined].flatMap((kid) => {
    const named = kid === undefined ? {} : { kid };
    return [
      { ...named, jwk: own.jwk },
      { ...named, jwk: { ...own.jwk, kid: 'k1' } },
      { ...named, x5c: [certificate] },
      { ...named, jwk: own.jwk, x5c: [certificate], x5t: 'AAAA' },
    ];
  });
  await expectDenied(on, (await Promise.all(headers.map(forged))).map(withToken));
});

test('a token that says where its key is makes the gateway ask nobody', async () => {
  const on = await tokenStage();
  const elsewhere = await keyServer(keySetOf(own));
  const urls = [
    elsewhere.url,
    `${elsewhere.url}?x=https://id.example/`,
    'http://169.254.169.254/latest/',
    'file:///etc/passwd',
  ];
  const headers = urls.flatMap((url) =>
    ['mine', 'k1'].flatMap((kid) => [
      { kid, jku: url },
      { kid, x5u: url },
      { kid: url, jku: url },
    ]),
  );
  await expectDenied(on, (await Promise.all(headers.map(forged))).map(withToken));
  expect(elsewhere.asked()).toBe(0);
});

test('a good token that has such members as well is judged by its signature and fetches nothing', async () => {
  const on = await tokenStage();
  const elsewhere = await keyServer(keySetOf(own));
  const header = { jku: elsewhere.url, x5u: elsewhere.url, jwk: own.jwk };
  await expectDenied(on, [withToken(await forged(header))], withToken(await on.token({ header })));
  expect(elsewhere.asked()).toBe(0);
});
