import type { ClientRefusal } from '../core/client-identity.ts';
import { monotonicMs } from '../core/clock.ts';
import type { FailureCode } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { GatewayConfig, Snapshot } from '../core/snapshot.ts';
import type { TicketKeys } from '../core/ticket-keys.ts';
import { openShadow } from '../shadow/department.ts';
import type { ShadowDepartment } from '../shadow/department.ts';
import { Denials } from '../telemetry/denials.ts';
import { Recorder } from '../telemetry/recorder.ts';
import type { TelemetryDelta } from '../telemetry/types.ts';
import { createWireServer } from '../wire/server.ts';
import type { Inbound, RequestAcceptor, ServerOptions, WireServer } from '../wire/types.ts';
import { AccessLog } from './access-log.ts';
import { AddressSet, plainAddress } from './addresses.ts';
import { deny } from './denial.ts';
import { FilterShop } from './filters/user/shop.ts';
import { ProcessGauges } from './gauges.ts';
import { Listening } from './listening.ts';
import { Overload, refuse } from './overload.ts';
import { runExchange } from './pipeline.ts';
import { Plant } from './plant.ts';
import { deniedRequest, refusedHead, refusedRequest } from './refused-line.ts';
import { loadPatterns } from './routing/pattern.ts';
import { Runtime } from './runtime.ts';
import type { Station } from './runtime.ts';
import type { Gateway, GatewayOptions } from './types.ts';
import { NameKeeper } from './upstreams/names.ts';
import { resolver } from './upstreams/resolve.ts';
import type { UpstreamStats } from './upstreams/stats.ts';

/** How often a drain looks whether copies have been concluded. */
const DRAIN_POLL_MS = 20;

/** Makes the gateway of one worker; nothing listens yet. */
export function createGateway(options: GatewayOptions): Gateway {
  return new WorkerGateway(options);
}

class WorkerGateway implements Gateway, RequestAcceptor {
  private readonly options: GatewayOptions;
  private readonly shadow: ShadowDepartment;
  private readonly station: Station;
  private readonly gauges = new ProcessGauges();
  private readonly overload: Overload;
  private readonly server: WireServer;
  private readonly names: NameKeeper;
  private readonly listening: Listening;
  /** The newest snapshot, and what requests run on: the same unless the local kill switch is on. */
  private snapshot: Snapshot;
  private runtime: Runtime;
  private configText: string;
  private localBypass = false;
  private readonly denials = new Denials();
  private readonly shop: FilterShop;

  constructor(options: GatewayOptions) {
    this.options = options;
    const { snapshot, log } = options;
    this.snapshot = snapshot;
    this.configText = JSON.stringify(snapshot.config);
    this.shadow = openShadow(snapshot.config.shadow, log);
    this.station = {
      recorder: new Recorder(this.shadow.classes),
      mirror: this.shadow.mirror,
      endpoints: this.shadow.endpoints,
      accessLog: new AccessLog(snapshot.config.accessLog, log),
      tallies: this.shadow.tallies,
      exchanges: 0,
      tunnels: 0,
      candidateTunnels: new Set(),
    };
    const { filters = null, blockReport = null } = options;
    this.shop = new FilterShop(filters, this.shadow.tallies.filters, log, blockReport);
    this.names = new NameKeeper(resolver(options.dnsServers ?? null), (message) => log('warn', message));
    this.runtime = new Runtime(snapshot, this.plantOf(snapshot, null), this.station);
    this.shadow.mirror.configure(snapshot.config.shadow);
    this.overload = new Overload(
      { copies: this.shadow.mirror.budget, exchanges: () => this.busy, log },
      snapshot.config,
    );
    this.server = createWireServer(this, serverOptions(snapshot.config));
    this.listening = new Listening(this.server, snapshot.config, options.ticketKeys ?? null);
  }

  async listen(ports: readonly number[], reusePort: boolean, beside = false): Promise<number[]> {
    const bound: number[] = [];
    loadPatterns();
    await this.names.settled(LIMITS.dnsStartMs);
    await this.runtime.plant.identity.settled(LIMITS.keysStartMs);
    const isFirst = (this.options.slot ?? 0) === 0;
    this.overload.start();
    for (const [index, listener] of this.snapshot.config.listeners.entries()) {
      const port = ports[index] ?? listener.port;
      bound.push(await this.listening.open(listener, port, reusePort, index, isFirst));
    }
    if (!beside) this.listening.takePaths();
    return bound;
  }

  apply(snapshot: Snapshot): void {
    const configText = JSON.stringify(snapshot.config);
    const { plant } = this.runtime;
    if (configText === this.configText) {
      this.snapshot = { ...snapshot, config: plant.config };
      return this.swap(plant);
    }
    // First of all: certificates that cannot be used refuse the whole snapshot.
    this.listening.configure(snapshot.config);
    const next = this.plantOf(snapshot, plant);
    this.configText = configText;
    this.snapshot = snapshot;
    this.swap(next);
    plant.retire();
    this.station.accessLog.configure(snapshot.config.accessLog);
    this.server.reconfigure(serverOptions(snapshot.config));
    this.overload.configure(snapshot.config);
  }

  useTicketKeys(keys: TicketKeys): void {
    this.listening.useKeys(keys);
  }

  setLocalBypass(on: boolean): void {
    if (on === this.localBypass) return;
    this.localBypass = on;
    this.swap(this.runtime.plant);
  }

  private swap(plant: Plant): void {
    const { snapshot, localBypass } = this;
    const effective = localBypass
      ? { ...snapshot, rollout: { ...snapshot.rollout, bypass: true } }
      : snapshot;
    this.runtime = new Runtime(effective, plant, this.station);
    this.runtime.recallTunnels();
    this.shadow.mirror.configure(snapshot.config.shadow);
  }

  /** Exchanges that may need this worker at any moment: an idle tunnel is none. */
  private get busy(): number {
    return this.station.exchanges - this.station.tunnels;
  }

  onRequest(inbound: Inbound): void {
    const refusal = inbound.client?.refusal(inbound.head.host) ?? null;
    if (refusal !== null) return this.deny(inbound, refusal);
    if (!this.overload.refuses(this.busy, inbound.startedUs)) return runExchange(this.runtime, inbound);
    this.runtime.book.edgeAnswer('overloaded');
    this.station.accessLog.writeRefused(() => refusedRequest(this.runtime, inbound));
    refuse(inbound);
  }

  private deny(inbound: Inbound, { code, reason }: ClientRefusal): void {
    this.runtime.book.edgeAnswer(code);
    const identity = inbound.client?.identity?.name ?? '';
    this.denials.note(code, reason, plainAddress(inbound.remoteAddress), identity);
    this.station.accessLog.writeRefused(() => deniedRequest(this.runtime, inbound, code, reason));
    deny(inbound, code);
  }

  onRefused(code: FailureCode, status: number, remoteAddress: string, detail: string): void {
    this.runtime.book.edgeAnswer(code);
    if (code === 'client_certificate') this.denials.note(code, detail, plainAddress(remoteAddress), '');
    this.station.accessLog.writeRefused(() => refusedHead(code, status, plainAddress(remoteAddress), detail));
  }

  collect(): TelemetryDelta[] {
    const { mirror, sink } = this.shadow;
    const gauges = this.gauges.read({
      connections: this.server.connections,
      exchanges: this.station.exchanges,
      tunnels: this.station.tunnels,
      copiesInFlight: mirror.budget.unanswered,
      copyBytes: mirror.budget.bytes,
      diffQueue: sink.length,
      accessLogDropped: this.station.accessLog.dropped,
      refused: { ...this.server.refused },
      tallies: this.shadow.tallies.read(),
      states: this.server.states(),
      upstreams: this.runtime.plant.levels(),
    });
    const deltas = this.station.recorder.take(this.snapshot.rollout.epoch, gauges);
    const denials = this.denials.take();
    if (denials.length === 0) return deltas;
    return deltas.map((delta, index) => (index === deltas.length - 1 ? { ...delta, denials } : delta));
  }

  upstreams(): UpstreamStats[] {
    return this.runtime.plant.stats();
  }

  private plantOf(snapshot: Snapshot, before: Plant | null): Plant {
    const { workers, log } = this.options;
    const surroundings = { names: this.names, log, denials: this.denials, shop: this.shop };
    return new Plant(snapshot.config, workers, surroundings, before);
  }

  async drain(deadlineMs: number): Promise<number> {
    const untilMs = monotonicMs() + deadlineMs;
    this.listening.removeFiles(this.options.log);
    const cut = await this.server.drain(deadlineMs);
    while (this.shadow.mirror.running > 0 && monotonicMs() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
    return cut;
  }

  async close(): Promise<void> {
    this.gauges.close();
    this.overload.close();
    this.runtime.plant.retire();
    await this.shop.watch.close();
    await this.shadow.sink.close();
    await this.station.accessLog.close();
  }
}

function serverOptions(config: GatewayConfig): ServerOptions {
  const { timeouts, maxConnections, maxPerAddress, requestBodyBytes, clientPace } = config;
  const proxies = new AddressSet(config.trustedProxies);
  return {
    headTimeoutMs: timeouts.headMs,
    bodyIdleMs: timeouts.clientBodyIdleMs,
    writeIdleMs: timeouts.clientWriteIdleMs,
    keepAliveIdleMs: timeouts.keepAliveIdleMs,
    maxConnections,
    maxPerAddress,
    speaksForMany: (address) => proxies.contains(address),
    maxBodyBytes: requestBodyBytes,
    pace: clientPace,
  };
}
