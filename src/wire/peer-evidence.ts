import type { PeerCertificate, TLSSocket } from 'node:tls';
import { LIMITS } from '../core/limits.ts';
import type { PeerEvidence } from './types.ts';

/** What a finished handshake shows about the client. */
export function evidenceOf(socket: TLSSocket, serverName: string | null): PeerEvidence {
  const fault = socket.authorizationError as unknown;
  const chain = chainOf(socket.getPeerCertificate(true));
  return {
    serverName,
    chain,
    // Node says "unknown issuer" of a client that has shown nothing at all: only the certificate itself tells.
    fault: socket.authorized || chain.length === 0 ? null : typeof fault === 'string' ? fault : 'UNSPECIFIED',
    isResumed: socket.isSessionReused(),
  };
}

/** The certificates that OpenSSL put behind the client's own, as DER; of a resumed session the client's own alone. */
function chainOf(leaf: Partial<PeerCertificate & { issuerCertificate: unknown }>): Buffer[] {
  const chain: Buffer[] = [];
  const seen = new Set<unknown>();
  let next: unknown = leaf;
  while (hasRaw(next) && !seen.has(next) && chain.length < LIMITS.certificateChain) {
    seen.add(next);
    chain.push(next.raw);
    next = next.issuerCertificate;
  }
  return chain;
}

function hasRaw(value: unknown): value is { readonly raw: Buffer; readonly issuerCertificate?: unknown } {
  return typeof value === 'object' && value !== null && Buffer.isBuffer((value as { raw?: unknown }).raw);
}
