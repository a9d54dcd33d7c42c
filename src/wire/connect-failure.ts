import type { FailureCode } from '../core/errors.ts';
import type { PoolOptions } from './types.ts';

/** Descriptors, ports and memory are ours: that none is left says nothing about the server. */
const OURS = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM']);

/**
 * Why a connection never came to be.
 * @param code the system's error (`ECONNREFUSED`), or OpenSSL's
 */
export function connectFailure(code: string, { secure }: PoolOptions): FailureCode {
  if (OURS.has(code)) return 'overloaded';
  if (secure !== undefined) return secure.failureOf(code);
  return code === 'ECONNREFUSED' ? 'connect_refused' : 'connect_failed';
}
