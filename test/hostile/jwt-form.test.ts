/**
 * Attack: one token in several spellings. Spaces or line breaks in a segment, padding, the other base64 alphabet, bits behind
 * the end that decoders ignore, more or fewer segments, JSON form, members that stand there twice, and a byte order mark.
 * Known from: RFC 7515, section 4 and appendix C; RFC 8725, section 2.6; measured: jose itself takes spaces and
 * trailing bits.
 * Why it works: what is cached, revoked or logged is one spelling, and the next server reads another; of two members with one
 * name each parser takes its own.
 * Cutover: one spelling, in canonical base64url without padding, of JSON objects whose members stand there once.
 */
import { test } from 'vitest';
import { encoded } from '../kit/tokens.ts';
import { get } from './kit.ts';
import { CLAIMS, expectDenied, signedRaw, tokenStage, withToken } from './jwt-kit.ts';
import type { TokenStage } from './jwt-kit.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The same bytes in other letters: the bits behind the end are ignored by decoders. */
function twins(segment: string): string[] {
  const bytes = Buffer.from(segment, 'base64url');
  return Array.from(ALPHABET)
    .map((last) => segment.slice(0, -1) + last)
    .filter((other) => other !== segment && Buffer.from(other, 'base64url').equals(bytes));
}

test('a good token has one spelling and every other one is denied', async () => {
  const on = await tokenStage();
  const token = await on.token({ claims: { name: '?>~?>~' } });
  const [header = '', payload = '', signature = ''] = token.split('.');
  const inner = Math.floor(payload.length / 2);
  const broken = (text: string, at: number, by: string): string => text.slice(0, at) + by + text.slice(at);
  const tokens = [
    ...[' ', '\t', '%20', '+', '=', '\u00a0'].flatMap((by) => [
      `${header}.${broken(payload, inner, by)}.${signature}`,
      `${header}.${payload}.${broken(signature, 10, by)}`,
      `${broken(header, 4, by)}.${payload}.${signature}`,
      `${token}${by}x`,
    ]),
    ...['=', '=='].flatMap((pad) => [
      `${token}${pad}`,
      `${header}${pad}.${payload}.${signature}`,
      `${header}.${payload}${pad}.${signature}`,
    ]),
    ...twins(signature).map((twin) => `${header}.${payload}.${twin}`),
    token.replaceAll('-', '+').replaceAll('_', '/') + (/[-_]/.test(token) ? '' : '+'),
    `${token}.`,
    `.${token}`,
    `${token}.${signature}`,
    `${token}.AA.AA`,
    `${header}..${signature}`,
    `${header}.${signature}`,
    `"${token}"`,
    `${token},${token}`,
    `${token};`,
    `{"payload":"${payload}","signatures":[{"protected":"${header}","signature":"${signature}"}]}`,
  ];
  await expectDenied(on, tokens.map(withToken), withToken(token));
});

test.each(['bearer', 'Bearer'])('the scheme has no case and one space behind it: %s', async (scheme) => {
  const on = await tokenStage();
  const token = await on.token();
  const requests = [
    `${scheme}${token}`,
    `${scheme}:${token}`,
    `${scheme}\t${token}`,
    `${scheme}  ${token}`,
    scheme,
  ];
  await expectDenied(
    on,
    [...requests, `Basic ${token}`, `Token ${token}`, token].map((value) =>
      get('/guarded', `Authorization: ${value}`),
    ),
    get('/guarded', `Authorization: ${scheme} ${token}`),
  );
});

/** Tokens with a true signature over JSON that readers disagree about. */
const odd = (on: TokenStage): string[] => {
  const { kid } = on.key;
  const claims = JSON.stringify(CLAIMS);
  const header = JSON.stringify({ alg: 'ES256', kid });
  const twice = (text: string, member: string): string => `{${member},${text.slice(1)}`;
  return [
    { header: twice(header, '"alg":"none"') },
    { header: twice(header, '"alg":"ES256"') },
    { header: twice(header, String.raw`"\u0061lg":"none"`) },
    { header: twice(header, '"kid":"x"') },
    { header, claims: twice(claims, '"sub":"ada"') },
    { header, claims: twice(claims, '"exp":1') },
    { header, claims: twice(claims, String.raw`"s\u0075b":"ada"`) },
    { header, claims: twice(claims, '"realm":{"roles":[],"roles":["admin"]}') },
    { header, claims: `\u{feff}${claims}` },
    { header: `\u{feff}${header}` },
    { header, claims: `${claims}{}` },
    { header, claims: `[${claims}]` },
    { header, claims: 'null' },
    { header, claims: '"text"' },
    { header, claims: '7' },
    { header: '[]' },
    { header: 'null' },
    { header, claims: claims.replace('"sub"', "'sub'") },
    { header, claims: `${claims.slice(0, -1)},}` },
    { header, claims: `/* */${claims}` },
  ].map((parts) => signedRaw(on.key, parts));
};

test('JSON that is none, or that two readers read differently, is denied although its signature is true', async () => {
  const on = await tokenStage();
  await expectDenied(on, odd(on).map(withToken), withToken(signedRaw(on.key)));
});

test('claims that are no UTF-8 are denied although their signature is true', async () => {
  const on = await tokenStage();
  const bytes = Buffer.from(JSON.stringify({ ...CLAIMS, name: '\u00e9' }), 'latin1').toString('base64url');
  const token = signedRaw(on.key, { claims: bytes, unencoded: true });
  const good = signedRaw(on.key, { claims: encoded({ ...CLAIMS, name: '\u00e9' }), unencoded: true });
  await expectDenied(on, [withToken(token)], withToken(good));
});
