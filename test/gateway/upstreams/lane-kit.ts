import { onTestFinished } from 'vitest';
import type { GatewayConfig, RolloutView, UpstreamPolicy } from '../../../src/core/snapshot.ts';
import type { UpstreamStats } from '../../../src/gateway/upstreams/stats.ts';
import { inProcessGateway } from '../../kit/in-process.ts';
import type { InProcessGateway } from '../../kit/in-process.ts';
import { upstreamConfig, upstreamPolicy } from '../../kit/snapshot.ts';
import { upstream } from '../../kit/upstream.ts';
import type { Upstream, UpstreamBuilder } from '../../kit/upstream.ts';

/** A gateway with several servers behind one lane, and one behind the other. */
export interface Servers {
  readonly servers: readonly Upstream[];
  readonly other: Upstream;
  readonly gateway: InProcessGateway;
  readonly url: string;
  /** The upstream of several servers, for clients or for copies. */
  readonly stats: (use?: UpstreamStats['use']) => UpstreamStats;
}

/** Starts servers; they end with the test. */
async function started(...builders: UpstreamBuilder[]): Promise<Upstream[]> {
  const all: Upstream[] = [];
  for (const builder of builders) all.push(await builder.start());
  onTestFinished(async () => {
    for (const one of all) await one.stop();
  });
  return all;
}

/**
 * Starts the servers of a lane and a gateway in front of them: legacy answers everything without copies unless the
 * rollout says otherwise.
 */
export async function laneOf(
  lane: 'legacy' | 'candidate',
  builders: readonly UpstreamBuilder[],
  policy: Partial<UpstreamPolicy> = {},
  rollout: Partial<RolloutView> = { sample: 0 },
): Promise<Servers> {
  const servers = await started(...builders);
  const [other] = await started(upstream().json({ from: 'other' }));
  const urls = servers.map(({ url }) => url);
  const several = { ...upstreamConfig(lane, ...urls), policy: upstreamPolicy(policy) };
  const first = servers[0] as Upstream;
  const both = lane === 'legacy' ? { legacy: first, candidate: other } : { legacy: other, candidate: first };
  const config: Partial<GatewayConfig> = lane === 'legacy' ? { legacy: several } : {};
  const gateway = await inProcessGateway(both as { legacy: Upstream; candidate: Upstream }, rollout, config);
  if (lane === 'candidate') {
    gateway.apply({ config: { candidate: { ...gateway.apply({}).config.candidate, upstreams: [several] } } });
  }
  const stats = (use: UpstreamStats['use'] = 'clients') =>
    gateway.gateway.upstreams().find((one) => one.name === lane && one.use === use) as UpstreamStats;
  return { servers, other: other as Upstream, gateway, url: gateway.url, stats };
}
