import type { BuiltInFilterConfig, HeaderChanges } from '../core/filter-config.ts';
import type { Config } from './schema.ts';

type Entry = Config['filters'][string];

/** A filter that needs no code, as plain data; null when this entry is another one. */
export function compileBuiltIn(name: string, entry: Entry): BuiltInFilterConfig | null {
  const { enforceAt, rateLimit, addresses, bodyLimit, headers } = entry;
  if (rateLimit !== undefined) {
    const { rate: perSecond, burst, by } = rateLimit;
    return { kind: 'rateLimit', name, enforceAt, perSecond, burst, by };
  }
  if (addresses !== undefined) {
    const { allow = [], deny = [] } = addresses;
    return { kind: 'addresses', name, enforceAt, allow, deny };
  }
  if (bodyLimit !== undefined) return { kind: 'bodyLimit', name, enforceAt, bytes: bodyLimit };
  if (headers === undefined) return null;
  const { request, response } = headers;
  return { kind: 'headers', name, enforceAt, request: changesOf(request), response: changesOf(response) };
}

function changesOf({ remove, set }: NonNullable<Entry['headers']>['request']): HeaderChanges {
  return {
    remove: remove.map((name) => name.toLowerCase()),
    set: Object.entries(set).map(([name, value]) => ({ name, value })),
  };
}
