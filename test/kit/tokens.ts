import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { JWTPayload } from 'jose';
import type { JwtFilterConfig, JwtIssuer } from '../../src/core/token-policy.ts';

export const ISSUER = 'https://id.example';
export const AUDIENCE = 'shop';

type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

/** A signing key with what its issuer publishes about it. */
export interface SigningKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: PrivateKey;
  readonly jwk: Readonly<Record<string, unknown>>;
}

/** A fresh key. */
export async function signingKey(kid = 'k1', alg = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** The text of a key set. */
export function keySetOf(...keys: readonly SigningKey[]): string {
  return JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
}

/** What a token says; everything has a good value, and undefined leaves a claim out. */
export interface TokenParts {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: JWTPayload;
}

/** Seconds since the Unix epoch. */
export const nowS = (): number => Math.floor(Date.now() / 1000);

/** A signed token. */
export function tokenOf(key: SigningKey, { header = {}, claims = {} }: TokenParts = {}): Promise<string> {
  const payload = { sub: 'ada', iss: ISSUER, aud: AUDIENCE, exp: nowS() + 300, ...claims };
  const given = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
  return new SignJWT(given)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
    .sign(key.privateKey);
}

/** Text as base64url. */
export const encoded = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A filter that wants a token of this key, everything else at its default. */
export function jwtConfig(
  keys: JwtIssuer['keys'],
  rest: Partial<JwtFilterConfig> = {},
  issuer: Partial<JwtIssuer> = {},
): JwtFilterConfig {
  return {
    kind: 'jwt',
    name: 'staff',
    enforceAt: 'edge',
    issuers: [
      {
        issuer: ISSUER,
        audience: [AUDIENCE],
        algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
        keys,
        ...issuer,
      },
    ],
    clockToleranceS: 0,
    maxAgeS: null,
    typ: [],
    require: [],
    source: { in: 'authorization', name: '' },
    forward: [],
    forwardToken: true,
    copyToken: 'keep',
    revoked: [],
    ...rest,
  };
}
