import { wallMs } from '../core/clock.ts';
import type { JwtFilterConfig, JwtIssuer } from '../core/token-policy.ts';
import { satisfies } from './claims.ts';
import type { Claims } from './claims.ts';
import type { KeySource } from './key-keeper.ts';
import type { VerifyKey } from './key-ring.ts';
import { goodUntilMs, policyFault } from './policy.ts';
import type { PolicyFault } from './policy.ts';
import { isSigned } from './signature.ts';
import { readToken } from './token-form.ts';
import type { TokenForm } from './token-form.ts';
import { VerifiedTokens, tokenDigest } from './verified-tokens.ts';
import type { VerifyGate } from './verify-gate.ts';

/** What a token turned out to be. */
export type TokenResult =
  | { readonly ok: true; readonly claims: Claims }
  /** `reason` is for tests and logs; it never reaches the client. */
  | { readonly ok: false; readonly reason: TokenFault };

/**
 * `claim`: the token is good and its claims are not what the route asks for. `keyless`: no keys were ever there.
 * `busy`: too many signatures wait already.
 */
export type TokenFault =
  | 'missing'
  | 'several'
  | 'malformed'
  | PolicyFault
  | 'key'
  | 'signature'
  | 'claim'
  | 'keyless'
  | 'busy';

/** An issuer with its keys. */
interface Trusted {
  readonly issuer: JwtIssuer;
  readonly keys: KeySource;
}

/** Everything about one token on its way to its signature. */
interface Candidate extends Trusted {
  readonly token: string;
  readonly digest: string;
  readonly form: TokenForm;
}

/**
 * Verifies tokens by one policy. What was verified before is answered at once; what can be refused without a signature is
 * refused without one; a token that many requests bring at the same time is verified once.
 */
export class TokenVerifier {
  private readonly config: JwtFilterConfig;
  private readonly trusted: readonly Trusted[];
  private readonly gate: VerifyGate;
  private readonly revoked: ReadonlySet<unknown>;
  private readonly known = new VerifiedTokens();
  private readonly running = new Map<string, Promise<TokenResult>>();

  /** @param keysOf the keys of each issuer, in their order */
  constructor(config: JwtFilterConfig, keysOf: (issuer: JwtIssuer) => KeySource, gate: VerifyGate) {
    this.config = config;
    this.trusted = config.issuers.map((issuer) => ({ issuer, keys: keysOf(issuer) }));
    this.gate = gate;
    this.revoked = new Set(config.revoked);
  }

  /** A promise only where a signature or keys must be waited for; it never rejects. */
  check(token: string): TokenResult | Promise<TokenResult> {
    const digest = tokenDigest(token);
    const known = this.known.get(digest, wallMs());
    if (known !== null) return known;
    const running = this.running.get(digest);
    if (running !== undefined) return running;
    const candidate = this.candidateFor(token, digest);
    return 'reason' in candidate ? candidate : this.begin(candidate);
  }

  /** All that needs no signature. */
  private candidateFor(token: string, digest: string): Candidate | Extract<TokenResult, { ok: false }> {
    const form = readToken(token);
    if (form === null) return refused('malformed');
    const { iss } = form.claims;
    const trusted = this.trusted.find(({ issuer }) => issuer.issuer === null || issuer.issuer === iss);
    if (trusted === undefined) return refused('issuer');
    const fault = policyFault(form, trusted.issuer, this.config, wallMs());
    if (fault !== null) return refused(fault);
    const isRevoked = this.revoked.size > 0 && this.revoked.has(form.claims['jti']);
    return isRevoked ? refused('revoked') : { ...trusted, token, digest, form };
  }

  private begin(candidate: Candidate): TokenResult | Promise<TokenResult> {
    const { keys, form, digest } = candidate;
    const key = keys.ring?.find(form.kid, form.alg) ?? null;
    const newer = key !== null ? null : keys.ring === null ? keys.first : keys.missed();
    if (key === null && newer === null) return refused(keys.ring === null ? 'keyless' : 'key');
    const running = key === null ? this.later(candidate, newer) : this.verify(candidate, key);
    this.running.set(digest, running);
    return running;
  }

  /** Its key may be among those that are being fetched. */
  private async later(candidate: Candidate, newer: Promise<void> | null): Promise<TokenResult> {
    await newer;
    const { keys, form, digest } = candidate;
    const key = keys.ring?.find(form.kid, form.alg) ?? null;
    if (key !== null) return await this.verify(candidate, key);
    this.running.delete(digest);
    return refused(keys.ring === null ? 'keyless' : 'key');
  }

  private async verify(candidate: Candidate, key: VerifyKey): Promise<TokenResult> {
    try {
      if (!(await this.gate.enter())) return refused('busy');
      try {
        return this.conclude(candidate, key, await isSigned(candidate.token, candidate.form.alg, key));
      } finally {
        this.gate.leave();
      }
    } finally {
      this.running.delete(candidate.digest);
    }
  }

  private conclude({ digest, form, token, issuer }: Candidate, key: VerifyKey, signed: boolean): TokenResult {
    const nowMs = wallMs();
    if (!signed) {
      const result = refused('signature');
      this.known.refuse(digest, { result, key }, nowMs);
      return result;
    }
    // While it was verified its time may have run out, or its key may have been withdrawn.
    if (!key.live) return refused('key');
    const fault = policyFault(form, issuer, this.config, nowMs);
    if (fault !== null) return refused(fault);
    const isEnough = this.config.require.every((rule) => satisfies(form.claims, rule));
    const result: TokenResult = isEnough ? { ok: true, claims: frozen(form.claims) } : refused('claim');
    this.known.keep(
      digest,
      { result, key, chars: token.length },
      goodUntilMs(form.claims, this.config),
      nowMs,
    );
    return result;
  }
}

function refused(reason: TokenFault): { readonly ok: false; readonly reason: TokenFault } {
  return { ok: false, reason };
}

/** One object serves every request with this token: no filter may change what another one sees. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) frozen(part);
    Object.freeze(value);
  }
  return value;
}
