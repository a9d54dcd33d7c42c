import type { FilterConfig } from '../../core/snapshot.ts';
import { jwtFilter } from './jwt.ts';
import type { Filter } from './types.ts';

/**
 * Every kind of filter there is. This is the one file that knows them all, and the order in which hooks run:
 *
 *   edge filters of the route      onRequest
 *   assignment of the lane
 *   candidate filters of the route onRequest … onUpstreamRequest
 *   server
 *   candidate filters, reversed    onResponse … onDone
 *   edge filters, reversed         onDone
 */
export function createFilter(config: FilterConfig): Filter {
  switch (config.kind) {
    case 'jwt':
      return jwtFilter(config);
  }
}
