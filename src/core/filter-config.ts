import type { FilterOptions } from './filter-api.ts';
import type { Cidr } from './snapshot.ts';
import type { JwtFilterConfig } from './token-policy.ts';

/** One file of a filter that a user wrote, as it was checked. */
export interface FilterSource {
  readonly path: string;
  readonly format: 'module' | 'module-typescript' | 'json';
  readonly text: string;
}

/** A filter that a user wrote: its module and all files of it, so that every worker runs the same. */
export interface ModuleFilterConfig {
  readonly kind: 'module';
  readonly name: string;
  readonly enforceAt: 'candidate' | 'edge';
  readonly path: string;
  /** Of `files`. */
  readonly version: string;
  readonly files: readonly FilterSource[];
  /** For its `parse`. */
  readonly options: FilterOptions;
  /** What the configuration says instead of the module; null keeps the module's own. */
  readonly failure: 'open' | 'closed' | null;
  readonly budgetMs: number | null;
}

interface BuiltIn<Kind extends string> {
  readonly kind: Kind;
  readonly name: string;
  readonly enforceAt: 'candidate' | 'edge';
}

/** So many requests, of one worker; further ones get 429. */
export interface RateLimitFilterConfig extends BuiltIn<'rateLimit'> {
  readonly perSecond: number;
  /** Requests at once. */
  readonly burst: number;
  /** Each client for itself, or everybody together. */
  readonly by: 'address' | 'all';
}

/** Which clients may ask; the others get 403. */
export interface AddressFilterConfig extends BuiltIn<'addresses'> {
  /** Empty: all but those of `deny`. */
  readonly allow: readonly Cidr[];
  /** These never, whatever `allow` says. */
  readonly deny: readonly Cidr[];
}

/** A larger body gets 413. */
export interface BodyLimitFilterConfig extends BuiltIn<'bodyLimit'> {
  readonly bytes: number;
}

/** Fields that are removed, then set. */
export interface HeaderChanges {
  /** Lower case. */
  readonly remove: readonly string[];
  readonly set: readonly { readonly name: string; readonly value: string }[];
}

/** Changes the fields of requests, and of answers of the candidate lane. */
export interface HeadersFilterConfig extends BuiltIn<'headers'> {
  readonly request: HeaderChanges;
  readonly response: HeaderChanges;
}

/** Filters that need no code. */
export type BuiltInFilterConfig =
  | RateLimitFilterConfig
  | AddressFilterConfig
  | BodyLimitFilterConfig
  | HeadersFilterConfig;

export type FilterConfig = JwtFilterConfig | ModuleFilterConfig | BuiltInFilterConfig;
