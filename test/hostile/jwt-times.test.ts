/**
 * Attack: times that never pass. No `exp`, or one that is a text, `NaN`, infinite, negative, a list, in milliseconds or at the
 * end of days; `nbf` and `iat` in the future; and a clock that is wrong on purpose.
 * Known from: RFC 7519, section 2 (NumericDate); jwt_tool's tampering with claims.
 * Why it works: `exp < now` is false for everything that is no number, and a missing `exp` is no check at all.
 * Cutover: `exp` must be there and be a number before the year 10000; `nbf` and `iat` must be numbers where they are there;
 * clocks may differ by `clockTolerance` and by no more.
 */
import { test } from 'vitest';
import { nowS } from '../kit/tokens.ts';
import { CLAIMS, expectDenied, signedRaw, tokenStage, withToken } from './jwt-kit.ts';
import type { TokenStage } from './jwt-kit.ts';

const S = nowS();
/** JSON text, because JSON has numbers that are none here. */
const NO_TIMES = [
  '"never"',
  `"${S + 600}"`,
  'null',
  'true',
  '[]',
  `[${S + 600}]`,
  '{}',
  '1e999',
  '-1',
  '-1e999',
  `${(S + 600) * 1000}`,
  '99999999999999999999',
  '0',
];

const withClaim = (on: TokenStage, name: string, json: string): string => {
  const rest = JSON.stringify({ ...CLAIMS, [name]: undefined });
  return withToken(signedRaw(on.key, { claims: `${rest.slice(0, -1)},"${name}":${json}}` }));
};

test('a token without an end, or with one that is no time, is denied', async () => {
  const on = await tokenStage();
  const { exp: _, ...endless } = CLAIMS;
  await expectDenied(
    on,
    [
      withToken(signedRaw(on.key, { claims: endless })),
      ...NO_TIMES.map((json) => withClaim(on, 'exp', json)),
    ],
    withClaim(on, 'exp', `${S + 600}.5`),
  );
});

test('a token that ended, that begins later or was made later is denied, beyond the difference of clocks', async () => {
  const on = await tokenStage({ filter: { clockToleranceS: 10 } });
  const requests = [
    ['exp', S - 12],
    ['nbf', S + 300],
    ['iat', S + 300],
  ] as const;
  for (const [name, time] of requests)
    await expectDenied(
      on,
      [withClaim(on, name, String(time))],
      withClaim(on, name, String(name === 'exp' ? nowS() - 2 : nowS() + 8)),
    );
});

test.each(['nbf', 'iat'])('a %s that is no time makes no good token', async (name) => {
  const on = await tokenStage();
  await expectDenied(
    on,
    NO_TIMES.filter((json) => json !== '0').map((json) => withClaim(on, name, json)),
    withClaim(on, name, String(S - 60)),
  );
});

test('a token that is older than its policy allows, or does not say how old it is, is denied', async () => {
  const on = await tokenStage({ filter: { maxAgeS: 60 } });
  await expectDenied(
    on,
    [withToken(signedRaw(on.key)), withClaim(on, 'iat', String(S - 61)), withClaim(on, 'iat', '"x"')],
    withClaim(on, 'iat', String(nowS() - 5)),
  );
});
