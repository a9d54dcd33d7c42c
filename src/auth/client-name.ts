import type { ClientIdentity } from '../core/client-identity.ts';
import type { CertificateFacts } from './certificate-facts.ts';

/** Who a certificate speaks for. */
export function identityOf({ names, subject, hash }: CertificateFacts): ClientIdentity {
  const { uris, dnsNames, emails } = names;
  return {
    name: uris[0] ?? dnsNames[0] ?? emails[0] ?? `sha256:${hash}`,
    subject: subjectText(subject),
    uris,
    dnsNames,
    emails,
    hash,
  };
}

/** What Node writes with a backslash before it (RFC 2253), and what is no printable ASCII. */
const ESCAPED = /\\([,+"\\<>;= #])|(["\\](?![0-9A-Fa-f]{2}))|([^\x20-\x7e])/gu;

/**
 * A distinguished name as one line of printable ASCII, the most particular part first (RFC 4514). Special characters are
 * written as their bytes in hex, so that there is no quote in it, and no backslash before one: whatever a reader
 * thinks of escapes, it cannot find the end of the name inside of it.
 * @param lines as Node gives it: one part a line, special characters escaped
 */
export function subjectText(lines: string): string {
  return lines
    .split('\n')
    .toReversed()
    .map((line) =>
      line.replace(ESCAPED, (_, special?: string, bare?: string, other?: string) =>
        hex(special ?? bare ?? other ?? ''),
      ),
    )
    .join(',');
}

function hex(text: string): string {
  return [...Buffer.from(text, 'utf8')]
    .map((byte) => `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}
