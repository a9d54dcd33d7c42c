// HOT: one pass over the servers, no allocation.
import type { HeaderFields } from '../../core/headers.ts';
import { hash32 } from '../../core/hash.ts';
import type { RandomSource } from '../../core/random.ts';
import type { StickyKey, UpstreamPolicy } from '../../core/snapshot.ts';
import { cookieValue } from '../cookies.ts';

/** What a server is chosen by. */
export interface Choice {
  /** Its weight now, above 0: less than its own while it starts slowly. */
  readonly share: number;
  /** Calls on it, and waiting for it. */
  readonly load: number;
  /** Names it, for the hash: the same in every worker and on every node. */
  readonly seed: number;
  /** Belongs to round robin. */
  credit: number;
}

/** Chooses one of several servers. */
export interface Balancer {
  /** @param servers at least one; @param fields of the request */
  pick<T extends Choice>(servers: readonly T[], fields: HeaderFields): T;
}

/** The balancer that a policy names. */
export function balancerOf(policy: UpstreamPolicy, random: RandomSource): Balancer {
  switch (policy.balance) {
    case 'round-robin':
      return new RoundRobin();
    case 'least-request':
      return new LeastRequest(random);
    case 'hash':
      return new RendezvousHash(policy.hashKey);
  }
}

/** By turns, smoothly: servers of weights 3 and 1 answer a, a, b, a and not a, a, a, b. */
class RoundRobin implements Balancer {
  pick<T extends Choice>(servers: readonly T[]): T {
    let best = servers[0] as T;
    let total = 0;
    for (const server of servers) {
      server.credit += server.share;
      total += server.share;
      if (server.credit > best.credit) best = server;
    }
    best.credit -= total;
    return best;
  }
}

/** The least loaded one for its weight; a random one of several that are equal, so that workers do not agree. */
class LeastRequest implements Balancer {
  private readonly random: RandomSource;

  constructor(random: RandomSource) {
    this.random = random;
  }

  pick<T extends Choice>(servers: readonly T[]): T {
    let best = servers[0] as T;
    let least = Infinity;
    let ties = 0;
    for (const server of servers) {
      const cost = (server.load + 1) / server.share;
      if (cost > least) continue;
      ties = cost < least ? 1 : ties + 1;
      if (ties === 1 || this.random.next() * ties < 1) best = server;
      least = cost;
    }
    return best;
  }
}

/**
 * Weighted rendezvous hashing (highest random weight): each server draws a number from the key, the highest wins. A
 * server that leaves moves its own users and no others; one whose weight grows takes users and gives none.
 */
class RendezvousHash implements Balancer {
  private readonly key: StickyKey;

  constructor(key: StickyKey) {
    this.key = key;
  }

  pick<T extends Choice>(servers: readonly T[], fields: HeaderFields): T {
    const hash = hash32(keyOf(fields, this.key));
    let best = servers[0] as T;
    let highest = -1;
    for (const server of servers) {
      const drawn = (mixed(hash ^ server.seed) + 0.5) / 4_294_967_296;
      const score = server.share / -Math.log(drawn);
      if (score <= highest) continue;
      highest = score;
      best = server;
    }
    return best;
  }
}

/** Murmur3's final avalanche: neighbouring numbers share nothing afterwards. */
function mixed(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Who asks. The client address is what the gateway itself wrote into the request (X-Real-IP). */
function keyOf(fields: HeaderFields, key: StickyKey): string {
  if ('cookie' in key) return cookieValue(fields, key.cookie) ?? addressOf(fields);
  if ('header' in key) return fields.get(key.header) ?? addressOf(fields);
  return addressOf(fields);
}

function addressOf(fields: HeaderFields): string {
  return fields.get('x-real-ip') ?? '';
}
