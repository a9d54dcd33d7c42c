import { bench, do_not_optimize, summary } from 'mitata';
import { TokenVerifier } from '../../src/auth/jwt.ts';
import { FixedKeys } from '../../src/auth/key-keeper.ts';
import { VerifyGate } from '../../src/auth/verify-gate.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { encoded, jwtConfig, keySetOf, nowS, signingKey, tokenOf } from '../../test/kit/tokens.ts';

/** More than are remembered, so that each is a new one when its turn comes again. */
const FORGED = 4 * LIMITS.refusedTokens;

interface Case {
  readonly verifier: TokenVerifier;
  readonly good: string;
  readonly forged: readonly string[];
}

async function caseOf(alg: string): Promise<Case> {
  const key = await signingKey('k1', alg);
  const text = keySetOf(key);
  const verifier = new TokenVerifier(jwtConfig({ text }), () => new FixedKeys(text), new VerifyGate());
  const good = await tokenOf(key);
  const [header, , signature] = good.split('.');
  const forged = Array.from({ length: FORGED }, (_, at) => {
    const claims = {
      sub: 'ada',
      iss: 'https://id.example',
      aud: 'shop',
      exp: nowS() + 3_600,
      jti: String(at),
    };
    return `${header}.${encoded(claims)}.${signature}`;
  });
  const result = await verifier.check(good);
  if (!result.ok) throw new Error(`a good token was refused: ${result.reason}`);
  return { verifier, good, forged };
}

/** A token that is remembered, one that is refused without a signature, and one whose signature has to be verified. */
export async function tokens(): Promise<void> {
  const es256 = await caseOf('ES256');
  const others = [es256, await caseOf('RS256'), await caseOf('EdDSA')];
  const stale = await tokenOf(await signingKey(), { claims: { aud: 'other' } });
  summary(() => {
    bench('a token that is remembered', () => do_not_optimize(es256.verifier.check(es256.good)));
    bench('a token that is refused without its signature', () =>
      do_not_optimize(es256.verifier.check(stale)));
    for (const [index, name] of ['ES256', 'RS256', 'EdDSA'].entries()) {
      const { verifier, forged } = others[index] as Case;
      let at = 0;
      bench(`a token whose signature is verified: ${name}`, async () => {
        at = (at + 1) % FORGED;
        do_not_optimize(await verifier.check(forged[at] as string));
      });
    }
  });
}
