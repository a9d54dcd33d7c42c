import type { JwtFilterConfig, JwtIssuer } from '../core/token-policy.ts';
import type { Claims } from './claims.ts';
import type { TokenForm } from './token-form.ts';

/** Why a token is refused; for tests, never for the client. */
export type PolicyFault = 'issuer' | 'algorithm' | 'typ' | 'expired' | 'time' | 'audience' | 'revoked';

/** The end of the year 9999 in seconds: a later time was written in milliseconds, or to live for ever. */
const LAST_SECOND = 253_402_300_799;

/** Everything that can be said about a token before its signature is looked at, the cheapest first. */
export function policyFault(
  form: TokenForm,
  issuer: JwtIssuer,
  config: JwtFilterConfig,
  nowMs: number,
): PolicyFault | null {
  if (!issuer.algorithms.includes(form.alg)) return 'algorithm';
  if (config.typ.length > 0 && !config.typ.includes(mediaName(form.typ))) return 'typ';
  const time = timeFault(form.claims, config, nowMs / 1000);
  if (time !== null) return time;
  return hasAudience(form.claims['aud'], issuer.audience) ? null : 'audience';
}

/** A `typ` without the part that may be left out, in lower case (RFC 7515, section 4.1.9). */
function mediaName(typ: string | null): string {
  return (typ ?? '').toLowerCase().replace(/^application\//, '');
}

/** RFC 7519, sections 4.1.4 to 4.1.6: `exp` must be there, the others must be right where they are. */
function timeFault(claims: Claims, config: JwtFilterConfig, nowS: number): PolicyFault | null {
  const { exp, nbf, iat } = claims;
  const { clockToleranceS: tolerance, maxAgeS } = config;
  if (!isTime(exp) || [nbf, iat].some((time) => time !== undefined && !isTime(time))) return 'time';
  if (nowS >= exp + tolerance) return 'expired';
  if (isTime(nbf) && nowS + tolerance < nbf) return 'time';
  if (isTime(iat) && nowS + tolerance < iat) return 'time';
  if (maxAgeS === null) return null;
  return isTime(iat) && nowS < iat + maxAgeS + tolerance ? null : 'expired';
}

/** Until when a token is good, wall time in milliseconds. */
export function goodUntilMs(claims: Claims, { clockToleranceS, maxAgeS }: JwtFilterConfig): number {
  const { exp, iat } = claims;
  const byAge = maxAgeS === null || !isTime(iat) ? Infinity : iat + maxAgeS;
  return (Math.min(isTime(exp) ? exp : 0, byAge) + clockToleranceS) * 1000;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= LAST_SECOND;
}

/** `aud` is one text or a list of texts (RFC 7519, section 4.1.3); anything else is refused. */
function hasAudience(aud: unknown, accepted: readonly string[]): boolean {
  const list: readonly unknown[] = Array.isArray(aud) ? aud : aud === undefined ? [] : [aud];
  if (list.some((one) => typeof one !== 'string')) return false;
  return accepted.length === 0 || list.some((one) => accepted.includes(one as string));
}
