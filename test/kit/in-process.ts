import { onTestFinished } from 'vitest';
import type { GatewayConfig, RolloutView, Snapshot } from '../../src/core/snapshot.ts';
import { createGateway } from '../../src/gateway/gateway.ts';
import type { Gateway, GatewayOptions } from '../../src/gateway/types.ts';
import { summarise } from '../../src/telemetry/summary.ts';
import type { Summary } from '../../src/telemetry/summary.ts';
import type { TelemetryDelta } from '../../src/telemetry/types.ts';
import { WindowKeeper } from '../../src/telemetry/window.ts';
import { gatewayConfig, rolloutView, snapshot } from './snapshot.ts';
import { until } from './until.ts';
import type { Upstream } from './upstream.ts';

/** A worker's gateway inside the test process: real sockets, real diff thread, no supervisor. */
export interface InProcessGateway {
  readonly url: string;
  readonly urls: readonly string[];
  readonly gateway: Gateway;
  readonly log: readonly string[];
  /** Publishes another rollout or configuration. */
  readonly apply: (change: { rollout?: Partial<RolloutView>; config?: Partial<GatewayConfig> }) => Snapshot;
  /** Everything counted so far. */
  readonly summary: () => Summary;
  /** Classes of differences counted so far, `kind path` → count. */
  readonly classes: () => Readonly<Record<string, number>>;
  readonly deltas: readonly TelemetryDelta[];
  /** Waits until no exchange and no copy runs. */
  readonly settled: () => Promise<Summary>;
}

/** Starts it; it ends with the test. */
export async function inProcessGateway(
  lanes: { readonly legacy: Pick<Upstream, 'url'>; readonly candidate: Pick<Upstream, 'url'> },
  rollout: Partial<RolloutView> = {},
  config: Partial<GatewayConfig> = {},
  options: Pick<GatewayOptions, 'dnsServers'> = {},
): Promise<InProcessGateway> {
  let current = snapshot(gatewayConfig(lanes.legacy.url, lanes.candidate.url, config), rolloutView(rollout));
  const log: string[] = [];
  const gateway = createGateway({
    snapshot: current,
    workers: 1,
    ...options,
    log: (level, text) => log.push(`${level} ${text}`),
  });
  const ports = await gateway.listen(
    current.config.listeners.map(() => 0),
    false,
  );
  onTestFinished(async () => {
    await gateway.drain(50);
    await gateway.close();
  });
  const keeper = new WindowKeeper(10_000);
  const deltas: TelemetryDelta[] = [];
  const collect = () => {
    const collected = gateway.collect();
    deltas.push(...collected);
    for (const delta of collected) keeper.add(delta);
    return collected.at(-1) as TelemetryDelta;
  };
  const summary = () => {
    collect();
    return summarise(keeper.total());
  };
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  return {
    url: urls[0] as string,
    urls,
    gateway,
    log,
    deltas,
    summary,
    apply(change) {
      current = {
        revision: current.revision + 1,
        config: { ...current.config, ...change.config },
        rollout: { ...current.rollout, ...change.rollout },
      };
      gateway.apply(structuredClone(current));
      return current;
    },
    classes() {
      collect();
      const counts: Record<string, number> = {};
      for (const { kind, path, count } of deltas.flatMap((delta) => delta.classes)) {
        counts[`${kind} ${path}`] = (counts[`${kind} ${path}`] ?? 0) + count;
      }
      return counts;
    },
    settled: () =>
      until(() => {
        const { gauges } = collect();
        const now = summarise(keeper.total());
        const { shadow, reverse } = now.pairs;
        const legs = (shadow.noise?.pending ?? 0) + (reverse.noise?.pending ?? 0);
        const quiet = gauges.exchanges === 0 && shadow.pending + reverse.pending + legs === 0;
        return quiet ? now : null;
      }, 'the gateway to settle'),
  };
}
