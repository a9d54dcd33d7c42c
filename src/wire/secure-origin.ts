import { isIP } from 'node:net';
import { connect, createSecureContext, getCACertificates, type ConnectionOptions } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { FailureCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { SocketSource } from './socket.ts';
import { ALPN_PROTOCOLS, TLS_POLICY } from './tls-policy.ts';

/** How servers of one upstream prove who they are. */
export interface OriginTls {
  /** Certificates (PEM) that are trusted instead of those of the system, or null. */
  readonly ca: string | null;
  /** The name that is asked for (SNI) and that the certificate must have; null for the server's own host. */
  readonly serverName: string | null;
}

/**
 * TLS to one server: the certificate is always verified, by the system's authorities or the configured ones. Sessions
 * are resumed, so that a new connection costs no signature.
 */
export class SecureOrigin {
  private readonly context: SecureContext;
  private readonly serverName: string | null;
  private readonly tell: (reason: string) => void;
  private session: Buffer | undefined;
  private told = '';

  /** @param tell hears why a certificate was refused, once until another reason or a success comes */
  constructor(options: OriginTls, tell: (reason: string) => void) {
    this.context = options.ca === null ? systemContext() : ownContext(options.ca);
    this.serverName = options.serverName;
    this.tell = tell;
  }

  /** A socket that connects and shakes hands; `secureConnect` is its "connected". */
  connecting(host: string, port: number): SocketSource {
    const name = this.serverName ?? (isIP(host) === 0 ? host : '');
    const options = {
      host,
      port,
      servername: name,
      secureContext: this.context,
      ALPNProtocols: ALPN_PROTOCOLS,
      allowHalfOpen: true,
      highWaterMark: LIMITS.socketBufferBytes,
      ...(this.session === undefined ? {} : { session: this.session }),
    };
    return (onread) => {
      // Both options are documented; the types have neither.
      const socket = connect({ ...options, onread } as ConnectionOptions);
      socket.setNoDelay(true);
      socket.on('session', (session) => (this.session = session));
      socket.once('secureConnect', () => (this.told = ''));
      return socket;
    };
  }

  /** The failure behind an error of a connection that was never ready; the reason of a refusal is told. */
  failureOf(code: string): FailureCode {
    if (code === 'ECONNREFUSED') return 'connect_refused';
    if (!isCertificateError(code)) return 'connect_failed';
    this.session = undefined;
    if (code !== this.told) this.tell(code);
    this.told = code;
    return 'upstream_certificate';
  }
}

let shared: SecureContext | null = null;

/** The authorities of this machine; where it has none, those that Node brings along. Built once: there are hundreds. */
function systemContext(): SecureContext {
  if (shared !== null) return shared;
  const system = getCACertificates('system');
  shared = contextOf(system.length > 0 ? system : getCACertificates('default'));
  return shared;
}

/** One for all servers that are trusted by the same authorities: each takes milliseconds to build. */
const own = new Map<string, SecureContext>();

function ownContext(ca: string): SecureContext {
  const known = own.get(ca);
  if (known !== undefined) return known;
  if (own.size >= LIMITS.originContexts) own.clear();
  const context = contextOf([ca]);
  own.set(ca, context);
  return context;
}

function contextOf(ca: string[]): SecureContext {
  return createSecureContext({ ...TLS_POLICY, ca });
}

/** OpenSSL's names of what may be wrong with a chain, as Node passes them on, and Node's own for a wrong name. */
const CERTIFICATE_ERRORS = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_GET_CRL',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
  'CERT_NOT_YET_VALID',
  'CERT_HAS_EXPIRED',
  'CERT_CHAIN_TOO_LONG',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'HOSTNAME_MISMATCH',
  'UNSPECIFIED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

function isCertificateError(code: string): boolean {
  return CERTIFICATE_ERRORS.has(code);
}
