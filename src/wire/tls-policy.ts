import type { SecureContextOptions } from 'node:tls';
import type { AlpnProtocol } from './types.ts';

/**
 * What both sides of the gateway speak: TLS 1.3, and 1.2 with forward secrecy and authenticated encryption only
 * (RFC 9325, section 4.2). The order of AES before ChaCha20 is that of a server with AES instructions.
 */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
];

/** OpenSSL's `SSL_OP_NO_RENEGOTIATION`: a client that renegotiates costs CPU and nobody needs it. */
const NO_RENEGOTIATION = 0x4000_0000;

/** OpenSSL's `SSL_OP_NO_TICKET`: no session can be resumed, because none is kept here either. */
export const NO_TICKETS = 0x4000;

/** Versions and ciphers, for listeners and for servers alike. */
export const TLS_POLICY: SecureContextOptions = {
  minVersion: 'TLSv1.2',
  ciphers: CIPHERS.join(':'),
  secureOptions: NO_RENEGOTIATION,
};

/** What is spoken over TLS where nothing is said (RFC 7301); a peer that wants another protocol only is refused. */
export const ALPN_PROTOCOLS: readonly AlpnProtocol[] = ['http/1.1'];
