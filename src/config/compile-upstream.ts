import type { StickyKey, UpstreamConfig, UpstreamPolicy } from '../core/snapshot.ts';
import { compileOriginTls } from './compile-tls.ts';
import type { Inputs } from './inputs.ts';
import { compileStickyKey } from './compile-rollout.ts';
import type { UpstreamEntry } from './schema-upstream.ts';

/** A group of servers as plain data. @param stickyKey of the rollout: `hash` goes by it unless told otherwise */
export function compileUpstream(
  name: string,
  entry: UpstreamEntry,
  stickyKey: StickyKey,
  inputs: Inputs,
): UpstreamConfig {
  const { servers, hostHeader, tls } = entry;
  return {
    name,
    servers,
    hostHeader: hostHeader ?? null,
    policy: policy(entry, stickyKey),
    ...(tls === undefined ? {} : { tls: compileOriginTls(tls, inputs) }),
  };
}

function policy(entry: UpstreamEntry, stickyKey: StickyKey): UpstreamPolicy {
  const { balance, hashKey, weights, retries, ejection, health, slowStart, timeouts } = entry;
  return {
    balance,
    hashKey: hashKeyOf(hashKey === undefined ? stickyKey : compileStickyKey(hashKey)),
    weights,
    retries,
    ejection: {
      failures: ejection.failures,
      share: ejection.share,
      timeMs: ejection.time,
      maxTimeMs: ejection.maxTime,
      maxShare: ejection.maxShare,
    },
    health: health === undefined ? null : compileHealth(health),
    slowStartMs: slowStart,
    timeouts: {
      connectMs: timeouts.connect ?? null,
      firstByteMs: timeouts.firstByte ?? null,
      idleMs: timeouts.idle ?? null,
      totalMs: timeouts.total ?? null,
    },
  };
}

/** Servers are chosen by what stands in the request: of claims there is nothing in it. */
function hashKeyOf(key: StickyKey): StickyKey {
  return 'claim' in key ? { address: true } : key;
}

function compileHealth({
  path,
  interval,
  timeout,
  healthy,
  unhealthy,
}: NonNullable<UpstreamEntry['health']>): UpstreamPolicy['health'] {
  return { path, intervalMs: interval, timeoutMs: timeout, healthy, unhealthy };
}
