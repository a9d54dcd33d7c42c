/**
 * Attack: a token of another issuer. Names that begin or end like ours, a tenant of the same provider, and with several issuers
 * a token of the weaker one that says it is of the stronger one, signed by the key that the weaker one has.
 * Known from: "BingBang" (2023: tokens of any tenant were taken), RFC 8725, section 3.8.
 * Why it works: issuers are compared by their beginning, or all keys are in one pot.
 * Cutover: `iss` is exactly one of those that are configured, and only the keys of that one verify it.
 */
import { test } from 'vitest';
import { ISSUER, keySetOf, signingKey } from '../kit/tokens.ts';
import { CLAIMS, expectDenied, signedRaw, tokenStage, withToken } from './jwt-kit.ts';

const OTHERS = [
  `${ISSUER}/`,
  `${ISSUER}.evil.example`,
  `${ISSUER}:443`,
  `${ISSUER}/tenant`,
  `https://evil.example/${ISSUER}`,
  ISSUER.toUpperCase(),
  ` ${ISSUER}`,
  `${ISSUER}\u0000`,
  ISSUER.slice(0, -1),
  '',
  [ISSUER],
  { 0: ISSUER },
  null,
  undefined,
  true,
];

test('an issuer that is not exactly ours is none', async () => {
  const on = await tokenStage();
  const tokens = OTHERS.map((iss) => signedRaw(on.key, { claims: { ...CLAIMS, iss } }));
  await expectDenied(on, tokens.map(withToken), withToken(signedRaw(on.key)));
});

test('the key of one issuer verifies no token of another, whatever its name is', async () => {
  const strong = await signingKey('same');
  const weak = await signingKey('same');
  const issuer = { audience: ['shop'], algorithms: ['ES256'] };
  const issuers = [
    { ...issuer, issuer: 'https://strong.example', keys: { text: keySetOf(strong) } },
    { ...issuer, issuer: 'https://weak.example', keys: { text: keySetOf(weak) } },
  ];
  const on = await tokenStage({ key: weak, filter: { issuers } });
  const of = (key: typeof weak, iss: string): string =>
    withToken(signedRaw(key, { claims: { ...CLAIMS, iss } }));
  await expectDenied(
    on,
    [of(weak, 'https://strong.example'), of(strong, 'https://weak.example')],
    of(strong, 'https://strong.example'),
  );
  await expectDenied(on, [of(weak, 'https://strong.example')], of(weak, 'https://weak.example'));
});
