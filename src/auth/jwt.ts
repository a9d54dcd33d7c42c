import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import type { JSONWebKeySet, JWTPayload, JWTVerifyOptions } from 'jose';
import type { JwtFilterConfig } from '../core/snapshot.ts';

/** What a token turned out to be. */
export type TokenResult =
  | { readonly ok: true; readonly claims: JWTPayload }
  /** `reason` is for the log and the counters; it never reaches the client. */
  | { readonly ok: false; readonly reason: TokenFault };

export type TokenFault =
  | 'missing'
  | 'several'
  | 'malformed'
  | 'expired'
  | 'claim'
  | 'signature'
  | 'key'
  | 'algorithm';

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+$/;
/** Longest token that is looked at, characters: refused before any decoding. */
const TOKEN_CHARS = 8_192;

/** Verifies bearer tokens (RFC 6750) against keys that are at hand; `crypto.subtle` works off the main thread. */
export class TokenVerifier {
  private readonly keys: ReturnType<typeof createLocalJWKSet>;
  private readonly options: JWTVerifyOptions;

  /** @throws when the key set is no JSON Web Key Set; `cutover check` finds that first */
  constructor(config: JwtFilterConfig) {
    this.keys = createLocalJWKSet(JSON.parse(config.jwks) as JSONWebKeySet);
    this.options = {
      algorithms: [...config.algorithms],
      clockTolerance: config.clockToleranceS,
      requiredClaims: ['exp'],
      ...(config.issuer === null ? {} : { issuer: config.issuer }),
      ...(config.audience === null ? {} : { audience: config.audience }),
    };
  }

  /** @param authorization every value of the Authorization field: more than one is refused, not chosen from */
  async verify(authorization: readonly string[]): Promise<TokenResult> {
    const [value] = authorization;
    if (value === undefined) return { ok: false, reason: 'missing' };
    if (authorization.length > 1) return { ok: false, reason: 'several' };
    const token = bearerToken(value);
    if (token === null) return { ok: false, reason: 'malformed' };
    try {
      const { payload } = await jwtVerify(token, this.keys, this.options);
      return { ok: true, claims: payload };
    } catch (thrown) {
      return { ok: false, reason: faultOf(thrown) };
    }
  }
}

/**
 * The token of a Bearer credential in strict compact form (RFC 7515, section 3.1), or null. The library takes spaces
 * and non-canonical base64url, which would give one token several spellings.
 */
function bearerToken(value: string): string | null {
  if (value.length > TOKEN_CHARS || !/^bearer /i.test(value)) return null;
  const token = value.slice('bearer '.length);
  if (!COMPACT.test(token)) return null;
  return token.split('.').every(isCanonical) ? token : null;
}

function isCanonical(segment: string): boolean {
  return Buffer.from(segment, 'base64url').toString('base64url') === segment;
}

function faultOf(thrown: unknown): TokenFault {
  if (thrown instanceof errors.JWTExpired) return 'expired';
  if (thrown instanceof errors.JWTClaimValidationFailed) return 'claim';
  if (thrown instanceof errors.JWSSignatureVerificationFailed) return 'signature';
  if (thrown instanceof errors.JWKSNoMatchingKey || thrown instanceof errors.JWKSMultipleMatchingKeys)
    return 'key';
  if (thrown instanceof errors.JOSEAlgNotAllowed || thrown instanceof errors.JOSENotSupported)
    return 'algorithm';
  return 'malformed';
}
