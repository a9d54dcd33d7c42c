import type { Identity } from '../../auth/identity.ts';
import type { FilterConfig } from '../../core/filter-config.ts';
import { builtInFilter } from './built-in.ts';
import { jwtFilter } from './jwt.ts';
import type { DenialListener, Filter } from './types.ts';
import type { FilterShop } from './user/shop.ts';
import { UserFilter } from './user/user-filter.ts';

/** What filters live on. */
export interface FilterNeeds {
  readonly identity: Identity;
  readonly onDenied: DenialListener;
  readonly shop: FilterShop;
}

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
 * @throws when a filter cannot be made
 */
export function createFilter(config: FilterConfig, { identity, onDenied, shop }: FilterNeeds): Filter {
  switch (config.kind) {
    case 'jwt':
      return jwtFilter(config, identity.verifier(config), onDenied);
    case 'module':
      return new UserFilter(config, shop);
    default:
      return builtInFilter(config, shop);
  }
}
