import { X509Certificate } from 'node:crypto';
import type { ClientIdentity } from '../core/client-identity.ts';
import type { ClientAuth } from '../core/snapshot.ts';
import { pemBlocks } from '../core/x509.ts';
import { factsOf } from './certificate-facts.ts';
import type { CertificateFacts } from './certificate-facts.ts';
import { identityOf } from './client-name.ts';
import { policyFault } from './client-policy.ts';
import type { ClientFault } from './client-policy.ts';
import { RevocationLists } from './revocation.ts';

/** Everything that can be against a client: its policy, or the state of what it is judged by. */
export type VerdictFault = ClientFault | 'revoked' | 'crl_out_of_date' | 'other_authority';

/** What is known of a certificate that OpenSSL has verified. */
export interface Verdict {
  /** Null: its certificate cannot be read. */
  readonly identity: ClientIdentity | null;
  readonly fault: VerdictFault | null;
  /** From this moment on the answer may be another one, milliseconds since the Unix epoch. */
  readonly untilMs: number;
}

/** Judges the certificates of clients by one policy. OpenSSL has verified their chains before; that is not done here. */
export class ClientVerifier {
  readonly auth: ClientAuth;
  private readonly lists: RevocationLists | null;
  private readonly authorities: readonly X509Certificate[];
  private readonly domains: ReadonlyMap<string, readonly X509Certificate[]>;

  /** @throws when authorities or lists cannot be read */
  constructor(auth: ClientAuth) {
    this.auth = auth;
    this.lists = auth.crl === null ? null : new RevocationLists(auth.crl);
    this.authorities = authoritiesOf(auth.ca);
    this.domains = new Map(auth.policy.trustDomains.map(({ name, ca }) => [name, authoritiesOf(ca)]));
  }

  /**
   * @param chain DER, the client's own first; of a resumed session that alone
   * @param verifiedBy the authorities (PEM) that OpenSSL verified it by, when those may be others than these
   */
  verify(chain: readonly Buffer[], nowMs: number, verifiedBy: string = this.auth.ca): Verdict {
    const facts = chain.map(factsOf);
    const [leaf] = facts;
    if (leaf === undefined || leaf === null || !isWhole(facts)) return UNREADABLE;
    const anchor = anchorOf(facts);
    const isOurs = verifiedBy === this.auth.ca || isAnchoredIn(this.authorities, anchor);
    const fault =
      this.revocationFault(facts, nowMs) ??
      (isOurs ? null : 'other_authority') ??
      policyFault(facts, this.auth.policy, nowMs, (domain) =>
        isAnchoredIn(this.domains.get(domain) ?? [], anchor),
      );
    return { identity: identityOf(leaf), fault, untilMs: this.untilMs(leaf, nowMs) };
  }

  private revocationFault(chain: readonly CertificateFacts[], nowMs: number): VerdictFault | null {
    const { lists } = this;
    if (lists === null) return null;
    if (lists.hasRevoked(chain)) return 'revoked';
    return this.auth.crlFailure === 'closed' && nowMs > lists.freshUntilMs ? 'crl_out_of_date' : null;
  }

  private untilMs({ untilMs }: CertificateFacts, nowMs: number): number {
    const freshUntilMs = this.lists?.freshUntilMs ?? Number.POSITIVE_INFINITY;
    return freshUntilMs > nowMs ? Math.min(untilMs, freshUntilMs) : untilMs;
  }
}

const UNREADABLE: Verdict = { identity: null, fault: 'unreadable', untilMs: Number.POSITIVE_INFINITY };

function isWhole(facts: readonly (CertificateFacts | null)[]): facts is readonly CertificateFacts[] {
  return facts.every((one) => one !== null);
}

function authoritiesOf(pem: string): X509Certificate[] {
  return pemBlocks(pem, 'CERTIFICATE').map((der) => new X509Certificate(der));
}

/** The last certificate that the client's own leads to, signature by signature. */
function anchorOf([leaf, ...above]: readonly CertificateFacts[]): X509Certificate | null {
  let last = leaf?.certificate ?? null;
  for (const { certificate } of above) {
    if (last === null || !hasIssued(certificate, last)) break;
    last = certificate;
  }
  return last;
}

function isAnchoredIn(authorities: readonly X509Certificate[], anchor: X509Certificate | null): boolean {
  return (
    anchor !== null &&
    authorities.some((authority) => authority.raw.equals(anchor.raw) || hasIssued(authority, anchor))
  );
}

function hasIssued(authority: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}
