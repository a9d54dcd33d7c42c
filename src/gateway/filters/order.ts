import type { Identity } from '../../auth/identity.ts';
import type { FilterConfig } from '../../core/token-policy.ts';
import { jwtFilter } from './jwt.ts';
import type { DenialListener, Filter } from './types.ts';

/**
 * Every kind of filter there is. This is the one file that knows them all, and the order in which hooks run:
 *
 *   edge filters of the route      onRequest
 *   assignment of the lane
 *   candidate filters of the route onRequest … onUpstreamRequest
 *   edge filters of the route      onCopy, where a copy leaves
 *   server
 *   candidate filters, reversed    onResponse … onDone
 *   edge filters, reversed         onDone
 */
export function createFilter(config: FilterConfig, identity: Identity, onDenied: DenialListener): Filter {
  switch (config.kind) {
    case 'jwt':
      return jwtFilter(config, identity.verifier(config), onDenied);
  }
}
