/**
 * Attack: a revoked token whose name is written in another way than on the list: as a number, in a list, as nothing.
 * Known from: RFC 7519, section 4.1.7 (`jti` is a case-sensitive string), which few verifiers check.
 * Why it works: lists are texts, so that the number 42 of a token is not the "42" that somebody wrote down.
 * Cutover: a `jti` that is no text is no token; of texts exactly those on the list are refused.
 */
import { test } from 'vitest';
import { CLAIMS, expectDenied, signedRaw, tokenStage, withToken } from './jwt-kit.ts';

test('a revoked token is denied in whatever type its name is written', async () => {
  const on = await tokenStage({ filter: { revoked: ['42', 'lost', ''] } });
  const named = (jti: unknown): string => withToken(signedRaw(on.key, { claims: { ...CLAIMS, jti } }));
  const names = ['42', 42, 'lost', ['lost'], '', null, true, { id: '42' }];
  await expectDenied(on, names.map(named), named('43'));
});

test('a name that was revoked revokes no other one', async () => {
  const on = await tokenStage({ filter: { revoked: ['lost'] } });
  const named = (jti: unknown): string => withToken(signedRaw(on.key, { claims: { ...CLAIMS, jti } }));
  for (const jti of ['LOST', 'lost ', 'los', 'lost1']) await expectDenied(on, [named('lost')], named(jti));
});
