import { TokenVerifier } from '../../auth/jwt.ts';
import type { TokenFault } from '../../auth/jwt.ts';
import { HeaderFields } from '../../core/headers.ts';
import type { JwtFilterConfig } from '../../core/snapshot.ts';
import type { Filter, FilterAnswer, FilterExchange } from './types.ts';

/**
 * Centralised authentication: a request with a valid token goes on, any other is answered at the edge. The
 * verification is awaited by this request alone.
 */
export function jwtFilter(config: JwtFilterConfig): Filter {
  const verifier = new TokenVerifier(config);
  return {
    name: config.name,
    async onRequest(exchange: FilterExchange): Promise<FilterAnswer | null> {
      const result = await verifier.verify(exchange.fields.all('authorization'));
      if (!result.ok) return unauthorized(result.reason);
      exchange.claims = result.claims;
      return null;
    },
  };
}

/** RFC 6750, section 3: a request without credentials gets no error code, any other only `invalid_token`. */
function unauthorized(reason: TokenFault): FilterAnswer {
  const challenge = reason === 'missing' ? 'Bearer' : 'Bearer error="invalid_token"';
  return {
    status: 401,
    fields: new HeaderFields(['WWW-Authenticate', challenge, 'Content-Type', 'text/plain; charset=utf-8']),
    body: 'Unauthorized\n',
  };
}
