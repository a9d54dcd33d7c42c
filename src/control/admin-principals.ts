import { createHash, timingSafeEqual } from 'node:crypto';
import { ClientVerifier } from '../auth/client-certificate.ts';
import { isNamedBy } from '../auth/client-policy.ts';
import { Identity } from '../auth/identity.ts';
import type { Claims } from '../auth/claims.ts';
import type { KeyLog } from '../auth/key-keeper.ts';
import type { AdminPrincipal, RemoteAdmin } from '../config/plan.ts';
import { wallMs } from '../core/clock.ts';
import type { ClientIdentity } from '../core/client-identity.ts';
import { LIMITS } from '../core/limits.ts';
import { isPrintable } from '../rollout/command.ts';
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
  private readonly identity: Identity;

  /**
   * @param before those of the configuration before: keys of issuers that stay the same are not fetched again
   * @throws when authorities or lists cannot be read
   */
  constructor({ principals, client }: RemoteAdmin, before: AdminPrincipals | null, log: KeyLog) {
    this.principals = principals;
    this.verifier = client === null ? null : new ClientVerifier(client);
    const policies = principals.flatMap(({ policy }) => (policy === null ? [] : [policy]));
    this.identity = new Identity(policies, before?.identity ?? null, log);
  }

  /** Nobody asks by them any more. */
  letGo(): void {
    this.identity.letGo();
  }

  /** By a token that is known here, or one that a policy lets in. */
  async byToken(token: string): Promise<Proven | Unproven> {
    const known = this.bySecret(token);
    if (known !== null) return { principal: known, identity: null };
    let reason: string = 'wrong_token';
    for (const principal of this.principals) {
      if (principal.policy === null) continue;
      const result = await this.identity.verifier(principal.policy).check(token);
      if (result.ok) return { principal, identity: subjectOf(result.claims) };
      reason = `token_${result.reason}`;
    }
    return { reason, identity: '' };
  }

  /** Every principal is compared with, so that the time tells nothing. */
  private bySecret(token: string): AdminPrincipal | null {
    const digest = createHash('sha256').update(token).digest();
    let found: AdminPrincipal | null = null;
    for (const principal of this.principals) {
      if (principal.tokenHash === null) continue;
      const isSame = timingSafeEqual(digest, Buffer.from(principal.tokenHash, 'hex'));
      if (isSame && found === null) found = principal;
    }
    return found;
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

/** Who the token is about, where that can stand in the audit. */
function subjectOf({ sub }: Claims): string | null {
  const isName = typeof sub === 'string' && sub !== '' && sub.length <= LIMITS.provenNameChars;
  return isName && isPrintable(sub) ? sub : null;
}

function nameOf({ name, hash }: ClientIdentity): string {
  return name.length <= LIMITS.provenNameChars ? name : `sha256:${hash}`;
}
