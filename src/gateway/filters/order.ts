import type { FilterConfig } from '../../core/snapshot.ts';
import { builtInFilter } from './built-in.ts';
import { jwtFilter } from './jwt.ts';
import type { Filter } from './types.ts';
import type { FilterShop } from './user/shop.ts';
import { UserFilter } from './user/user-filter.ts';

/**
 * Every kind of filter there is. This is the one file that knows them all, and the order in which hooks run:
 *
 *   edge filters of the route      onRequest
 *   assignment of the lane
 *   candidate filters of the route onRequest … onUpstreamRequest
 *   server
 *   candidate filters, reversed    onResponse … onDone
 *   edge filters, reversed         onDone
 * @param shop null where nothing is run, but routes are explained: filters of users have their names alone
 * @throws when a filter cannot be made
 */
export function createFilter(config: FilterConfig, shop: FilterShop | null): Filter {
  switch (config.kind) {
    case 'jwt':
      return jwtFilter(config);
    case 'module':
      return shop === null ? { name: config.name } : new UserFilter(config, shop);
    default:
      return builtInFilter(config, shop);
  }
}
