// HOT: a token that was verified before costs a hash and a lookup, and no promise.
import { claimField } from '../../auth/claims.ts';
import type { TokenResult, TokenFault, TokenVerifier } from '../../auth/jwt.ts';
import { tokenReader } from '../../auth/token-source.ts';
import type { TokenReader } from '../../auth/token-source.ts';
import { HeaderFields } from '../../core/headers.ts';
import type { JwtFilterConfig } from '../../core/token-policy.ts';
import { failureAnswer } from '../answers.ts';
import type { DenialListener, Filter, FilterAnswer, FilterExchange } from './types.ts';

/**
 * Centralised authentication: a request with a valid token goes on, any other is answered here. What has to be
 * waited for is waited for by this request alone.
 */
export function jwtFilter(
  config: JwtFilterConfig,
  verifier: TokenVerifier,
  onDenied: DenialListener,
): Filter {
  return new JwtFilter(config, verifier, onDenied);
}

/** What happens to everybody, and what the gateway itself lacks: nobody's attack. */
const USUAL: ReadonlySet<TokenFault> = new Set(['missing', 'expired', 'keyless', 'busy']);

class JwtFilter implements Filter {
  readonly name: string;
  private readonly config: JwtFilterConfig;
  private readonly verifier: TokenVerifier;
  private readonly onDenied: DenialListener;
  private readonly reader: TokenReader;

  constructor(config: JwtFilterConfig, verifier: TokenVerifier, onDenied: DenialListener) {
    this.name = config.name;
    this.config = config;
    this.verifier = verifier;
    this.onDenied = onDenied;
    this.reader = tokenReader(config.source);
  }

  onRequest(exchange: FilterExchange): FilterAnswer | null | Promise<FilterAnswer | null> {
    const found = this.reader.read(exchange);
    if (found.token === null) return this.deny(exchange, found.fault);
    const result = this.verifier.check(found.token);
    if (result instanceof Promise) return result.then((settled) => this.conclude(exchange, settled));
    return this.conclude(exchange, result);
  }

  private conclude(exchange: FilterExchange, result: TokenResult): FilterAnswer | null {
    if (!result.ok) return this.deny(exchange, result.reason);
    exchange.claims = result.claims;
    for (const { header, claim } of this.config.forward) {
      const value = claimField(result.claims, claim);
      const name = header.toLowerCase();
      if (value === null) exchange.fields.remove(name);
      else exchange.fields.setChecked(header, name, value);
    }
    if (!this.config.forwardToken && this.config.enforceAt === 'edge') this.reader.strip(exchange);
    return null;
  }

  private deny({ isCopy, clientAddress }: FilterExchange, reason: TokenFault): FilterAnswer {
    if (!isCopy && !USUAL.has(reason)) this.onDenied('token', reason, clientAddress);
    return denied(reason);
  }

  /** Of the candidate lane alone; filters behind this one still saw the token. */
  onUpstreamRequest(exchange: FilterExchange): void {
    if (!this.config.forwardToken) this.reader.strip(exchange);
    if (exchange.isCopy) this.onCopy(exchange, true);
  }

  onCopy(copy: FilterExchange, toCandidate: boolean): void {
    const { copyToken } = this.config;
    if (copyToken === 'strip') this.reader.strip(copy);
    else if (copyToken !== 'keep' && toCandidate) this.reader.swap(copy, copyToken.swap);
  }
}

/**
 * RFC 6750, section 3: a request without credentials gets no error code, one whose token is good and not enough
 * `insufficient_scope`, any other `invalid_token` and nothing that says why.
 */
function denied(reason: TokenFault): FilterAnswer {
  switch (reason) {
    case 'keyless':
      return { ...failureAnswer('keys_unavailable'), failure: 'keys_unavailable' };
    case 'busy':
      return { ...failureAnswer('verifier_busy'), failure: 'verifier_busy' };
    case 'claim':
      return challenge(403, 'Bearer error="insufficient_scope"', 'Forbidden\n');
    case 'missing':
      return challenge(401, 'Bearer', 'Unauthorized\n');
    default:
      return challenge(401, 'Bearer error="invalid_token"', 'Unauthorized\n');
  }
}

function challenge(status: number, value: string, body: string): FilterAnswer {
  const fields = ['WWW-Authenticate', value, 'Content-Type', 'text/plain; charset=utf-8'];
  // RFC 9111, section 3: a cache must not give one client's refusal to the next.
  fields.push('Cache-Control', 'no-store');
  return { status, fields: new HeaderFields(fields), body };
}
