import { LIMITS } from '../../core/limits.ts';

/** One address behind a name. */
export interface Place {
  readonly host: string;
  /** Of a service; null for the port that is configured. */
  readonly port: number | null;
  /** Its part of the entry of `servers`: 1 on average over all places. */
  readonly weight: number;
}

/** Where a name leads and how long that holds, milliseconds. */
export interface Resolved {
  readonly places: readonly Place[];
  readonly ttlMs: number;
}

/** What the DNS said: places, that there are none (a code), or nothing at all (a code). */
export type Answer = Resolved | { readonly none: string } | { readonly failed: string };

/** A time to live as it is kept to, milliseconds. */
export function boundedTtl(ttlMs: number): number {
  return Math.min(Math.max(ttlMs, LIMITS.dnsMinTtlMs), LIMITS.dnsMaxTtlMs);
}
