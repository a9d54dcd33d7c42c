import { monotonicMs } from '../../core/clock.ts';
import type {
  AddressFilterConfig,
  BodyLimitFilterConfig,
  BuiltInFilterConfig,
  HeaderChanges,
  HeadersFilterConfig,
  RateLimitFilterConfig,
} from '../../core/filter-config.ts';
import type { HeaderFields } from '../../core/headers.ts';
import { addressGroup } from '../../wire/address-counts.ts';
import { AddressSet } from '../addresses.ts';
import { failureAnswer } from '../answers.ts';
import { RateLimiter } from './rate-limiter.ts';
import type { Filter } from './types.ts';
import type { FilterShop } from './user/shop.ts';

/** The filters that need no code. @param shop null where routes are only explained */
export function builtInFilter(config: BuiltInFilterConfig, shop: FilterShop | null): Filter {
  switch (config.kind) {
    case 'rateLimit':
      return rateLimit(config, shop?.limiter(config) ?? new RateLimiter(config.perSecond, config.burst));
    case 'addresses':
      return addresses(config);
    case 'bodyLimit':
      return bodyLimit(config);
    case 'headers':
      return headers(config);
  }
}

function rateLimit({ name, by }: RateLimitFilterConfig, limiter: RateLimiter): Filter {
  return {
    name,
    onRequest({ clientAddress }) {
      const waitMs = limiter.take(by === 'all' ? '' : addressGroup(clientAddress), monotonicMs());
      if (waitMs === 0) return null;
      const answer = failureAnswer('rate_limited');
      answer.fields.set('Retry-After', String(Math.max(1, Math.ceil(waitMs / 1_000))));
      return answer;
    },
  };
}

function addresses({ name, allow, deny }: AddressFilterConfig): Filter {
  const allowed = new AddressSet(allow);
  const denied = new AddressSet(deny);
  return {
    name,
    onRequest({ clientAddress }) {
      const mayAsk = allowed.empty || allowed.contains(clientAddress);
      return mayAsk && !denied.contains(clientAddress) ? null : failureAnswer('address_denied');
    },
  };
}

function bodyLimit({ name, bytes }: BodyLimitFilterConfig): Filter {
  return {
    name,
    onRequest(exchange) {
      if (exchange.contentLength > bytes) return failureAnswer('body_too_large');
      exchange.bodyLimit = exchange.bodyLimit === 0 ? bytes : Math.min(bytes, exchange.bodyLimit);
      return null;
    },
  };
}

function headers({ name, request, response }: HeadersFilterConfig): Filter {
  return {
    name,
    onRequest({ fields }) {
      change(fields, request);
      return null;
    },
    onResponse(_, { fields }) {
      change(fields, response);
    },
  };
}

function change(fields: HeaderFields, { remove, set }: HeaderChanges): void {
  for (const name of remove) fields.remove(name);
  for (const { name, value } of set) fields.set(name, value);
}
