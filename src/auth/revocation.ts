import { pemBlocks, readRevocationList } from '../core/x509.ts';
import type { RevocationList } from '../core/x509.ts';
import type { CertificateFacts } from './certificate-facts.ts';

/** The lists of revoked certificates of one policy, as they were when they were read. */
export class RevocationLists {
  private readonly byIssuer: ReadonlyMap<string, readonly RevocationList[]>;
  /** When the first of them is out of date; infinity when none ever is. */
  readonly freshUntilMs: number;

  /** @throws when a list cannot be read */
  constructor(pem: string) {
    const lists = pemBlocks(pem, 'X509 CRL').map((der) => {
      const list = readRevocationList(der);
      if (list === null) throw new Error('a list of revoked certificates cannot be read');
      return list;
    });
    this.byIssuer = Map.groupBy(lists, ({ issuer }) => issuer);
    this.freshUntilMs = Math.min(
      Number.POSITIVE_INFINITY,
      ...lists.map(({ nextUpdateMs }) => nextUpdateMs ?? 0),
    );
  }

  /** Whether one of these certificates is in a list of its issuer, in date or not: nobody is taken off a list again. */
  hasRevoked(chain: readonly CertificateFacts[]): boolean {
    return chain.some(({ issuer, serial }) =>
      (this.byIssuer.get(issuer) ?? []).some(({ serials }) => serials.has(serial)),
    );
  }
}
