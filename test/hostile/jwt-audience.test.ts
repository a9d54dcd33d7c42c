/**
 * Attack: a good token of the same provider that was made for another service, and audiences that are nearly ours: a prefix, a
 * suffix, another case, a list where a text is meant, a text that contains the name.
 * Known from: RFC 8725, section 2.8 (cross-JWT confusion); PayloadsAllTheThings.
 * Why it works: the signature is true, and `aud.includes('shop')` is true for `workshop`.
 * Cutover: one text of `aud`, which is a text or a list of texts, must be exactly one of those that are configured.
 */
import { test } from 'vitest';
import { CLAIMS, expectDenied, signedRaw, tokenStage, withToken } from './jwt-kit.ts';

const OTHERS = [
  'workshop',
  'shopping',
  'Shop',
  'shop ',
  'shop,admin',
  'shop/',
  '',
  'https://shop',
  ['other'],
  [['shop']],
  ['shop', 7],
  [],
  { shop: true },
  true,
  0,
  null,
  undefined,
];

test('a token for somebody else is denied however near its name is', async () => {
  const on = await tokenStage();
  const of = (aud: unknown): string => withToken(signedRaw(on.key, { claims: { ...CLAIMS, aud } }));
  await expectDenied(on, OTHERS.map(of), of(['x', 'shop']));
  await expectDenied(on, OTHERS.map(of), of('shop'));
});
