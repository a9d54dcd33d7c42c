import { createHash, timingSafeEqual } from 'node:crypto';
import { ClientVerifier } from '../auth/client-certificate.ts';
import { isNamedBy } from '../auth/client-policy.ts';
import type { AdminPrincipal, RemoteAdmin } from '../config/plan.ts';
import { wallMs } from '../core/clock.ts';
import type { ClientIdentity } from '../core/client-identity.ts';
import { LIMITS } from '../core/limits.ts';
import type { PeerEvidence } from '../wire/types.ts';

/** Who a request comes from: a principal, and how it is called in the audit. */
export interface Proven {
  readonly principal: AdminPrincipal;
  /** The name in its certificate; null for a token, which many may have. */
  readonly identity: string | null;
}

/** Why nobody was found; `identity` is what a verified certificate says, else ''. */
export interface Unproven {
  readonly reason: string;
  readonly identity: string;
}

/** Finds out who asks, by the principals of one configuration. */
export class AdminPrincipals {
  private readonly principals: readonly AdminPrincipal[];
  private readonly verifier: ClientVerifier | null;

  /** @throws when authorities or lists cannot be read */
  constructor({ principals, client }: RemoteAdmin) {
    this.principals = principals;
    this.verifier = client === null ? null : new ClientVerifier(client);
  }

  /** By token. Every principal is compared with, so that the time tells nothing. */
  byToken(token: string): Proven | Unproven {
    const digest = createHash('sha256').update(token).digest();
    let found: AdminPrincipal | null = null;
    for (const principal of this.principals) {
      if (principal.tokenHash === null) continue;
      const isSame = timingSafeEqual(digest, Buffer.from(principal.tokenHash, 'hex'));
      if (isSame && found === null) found = principal;
    }
    return found === null ? { reason: 'wrong_token', identity: '' } : { principal: found, identity: null };
  }

  /** By the certificate of a connection, which OpenSSL has verified in the handshake. */
  byCertificate({ chain, fault }: PeerEvidence): Proven | Unproven {
    if (this.verifier === null || chain.length === 0) return { reason: 'missing', identity: '' };
    if (fault !== null) return { reason: fault, identity: '' };
    const { identity, fault: against } = this.verifier.verify(chain, wallMs());
    if (identity === null) return { reason: 'unreadable', identity: '' };
    if (against !== null) return { reason: against, identity: identity.name };
    const principal = this.principals.find(
      ({ certificate }) => certificate !== null && isNamedBy(certificate, identity),
    );
    if (principal === undefined) return { reason: 'no_principal', identity: identity.name };
    return { principal, identity: nameOf(identity) };
  }
}

function nameOf({ name, hash }: ClientIdentity): string {
  return name.length <= LIMITS.provenNameChars ? name : `sha256:${hash}`;
}
