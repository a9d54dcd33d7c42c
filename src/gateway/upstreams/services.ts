import { LIMITS } from '../../core/limits.ts';
import { askService } from './dns-ask.ts';
import type { ServiceRecord } from './dns-message.ts';
import { boundedTtl } from './places.ts';
import type { Answer, Place, Resolved } from './places.ts';

/** What a weight of 0 gets beside others, of the smallest of them: a very small chance (RFC 2782). */
const NEXT_TO_NOTHING = 0.01;

/** A target that may be asked for: a name of usual characters, so that nothing odd gets into logs. */
const TARGET = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

/**
 * Where the servers of a service are (RFC 2782): the records of the lowest priority, each address of their targets by
 * the record's weight. A target that exists no more is left out; when one of them can not be asked for, the whole
 * answer has failed, so that the last one is kept.
 * @param servers name servers, `address:port`
 * @param addressesOf asks the DNS for the addresses of a target
 */
export async function ofService(
  name: string,
  servers: readonly string[],
  addressesOf: (target: string) => Promise<Answer>,
): Promise<Resolved | { readonly failed: string }> {
  const answer = await askService(name, servers, LIMITS.dnsTimeoutMs);
  if (answer.kind !== 'records') return { failed: answer.code };
  const records = nearest(answer.records);
  const targets = [...new Set(records.map(({ target }) => target))];
  const found = new Map(
    await Promise.all(targets.map(async (target) => [target, await addressesOf(target)] as const)),
  );
  const failed = [...found.values()].find((one) => 'failed' in one);
  if (failed !== undefined) return { failed: (failed as { failed: string }).failed };
  const places = placesOf(records, found);
  if (places.length === 0) return { failed: 'ENODATA' };
  const ttls = [...found.values()].map((one) => ('places' in one ? one.ttlMs : Infinity));
  return { places, ttlMs: boundedTtl(Math.min(...records.map(({ ttlS }) => ttlS * 1_000), ...ttls)) };
}

/** The usable records of the lowest priority among them, in one order, so many as may become servers. */
function nearest(records: readonly ServiceRecord[]): ServiceRecord[] {
  const usable = records.filter(({ target, port }) => port > 0 && TARGET.test(target));
  const lowest = Math.min(...usable.map(({ priority }) => priority));
  return usable
    .filter(({ priority }) => priority === lowest)
    .toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
    .slice(0, LIMITS.dnsAddresses);
}

function keyOf({ target, port }: ServiceRecord): string {
  return `${target} ${port}`;
}

function placesOf(records: readonly ServiceRecord[], found: ReadonlyMap<string, Answer>): Place[] {
  const positive = records.map(({ weight }) => weight).filter((weight) => weight > 0);
  const least = positive.length === 0 ? 1 : Math.min(...positive) * NEXT_TO_NOTHING;
  const places = new Map<string, Place>();
  for (const { target, port, weight } of records) {
    const answer = found.get(target);
    if (answer === undefined || !('places' in answer)) continue;
    for (const { host } of answer.places) {
      const share = (weight > 0 ? weight : least) / answer.places.length;
      const key = `${host} ${port}`;
      if (!places.has(key)) places.set(key, { host, port, weight: share });
    }
  }
  return evened([...places.values()].slice(0, LIMITS.dnsAddresses));
}

/** Weights that are 1 on average, as the addresses of any other name. */
function evened(places: readonly Place[]): Place[] {
  const mean = places.reduce((sum, { weight }) => sum + weight, 0) / places.length;
  return places.map((place) => ({ ...place, weight: place.weight / mean }));
}
