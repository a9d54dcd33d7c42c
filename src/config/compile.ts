import { availableParallelism } from 'node:os';
import { wallMs } from '../core/clock.ts';
import { canonicalJson, sha256Hex } from '../core/hash.ts';
import type { GatewayConfig, Timeouts } from '../core/snapshot.ts';
import { adminPlaces, compileRemoteAdmin } from './compile-admin.ts';
import { filterPlaces, shapingOfFilter } from './compile-filters.ts';
import { compileCandidate, compileLegacy, compileSecondLegacy } from './compile-lanes.ts';
import { compilePlan, compileShadow, compileStickyKey, secretPlaces } from './compile-rollout.ts';
import { compileNotify, notifyPlaces } from './compile-notify.ts';
import { compileRules, shapingOf } from './compile-differences.ts';
import { compileSiem, siemPlaces } from './compile-siem.ts';
import { compileListener, tlsPlaces } from './compile-tls.ts';
import { prefixBits } from './fields-net.ts';
import type { Inputs } from './inputs.ts';
import { absolute } from './inputs.ts';
import type { ConfiguredPlan, NodeConfig, NotifyReceiver } from './plan.ts';
import type { Path } from './problem.ts';
import { redact } from './redact.ts';
import type { Config } from './schema.ts';

/** `cutover.yaml` as the rest of the program reads it: plain data, units gone, files and variables read. */
export interface CompiledConfig {
  readonly gateway: GatewayConfig;
  readonly plan: ConfiguredPlan;
  readonly node: NodeConfig;
  readonly notify: readonly NotifyReceiver[];
  /** The text that all of this was made of; absent where there was none. */
  readonly text?: string;
  /** Where secrets stand in this object: give them to {@link redact} before anything is printed. */
  readonly secrets: readonly Path[];
}

/** Workers without `workers`: one per core, and four are enough for what one machine's network carries. */
const MOST_WORKERS_BY_DEFAULT = 4;

/**
 * Turns a checked configuration into plain data.
 * @throws Error when a key or secret file changed since it was checked
 */
export function compile(config: Config, inputs: Inputs): CompiledConfig {
  const plan = compilePlan(config, inputs);
  const notify = compileNotify(config, inputs);
  const node = compileNode(config, inputs);
  const gateway = { hash: '', ...compileGateway(config, inputs) };
  const compiled = {
    gateway,
    plan,
    node,
    notify,
    secrets: [
      ...secretPlaces(config.rollout),
      ...siemPlaces(config),
      ...adminPlaces(node.admin.remote),
      ...tlsPlaces(gateway),
      ...notifyPlaces(notify),
      ...filterPlaces(gateway.candidate.filters),
    ],
  };
  return hashed(compiled);
}

/** The configuration with the hash of what it holds: after parts of another one were put into it. */
export function hashed(config: CompiledConfig): CompiledConfig {
  return { ...config, gateway: { ...config.gateway, hash: evidenceHash(config) } };
}

/** A compiled configuration that may be shown; its text may not. */
export function redactConfig(config: CompiledConfig): CompiledConfig {
  const { text: _, ...shown } = config;
  return redact(shown, config.secrets);
}

/**
 * SHA-256 of what shapes evidence. Left out: where this node listens, stores and logs; dwell times, steps and
 * approvals, which say when to move and not what is measured; secrets, so that their rotation changes nothing.
 */
function evidenceHash(compiled: CompiledConfig): string {
  const { gateway, plan } = redactConfig(compiled);
  const {
    hash: _,
    listeners,
    accessLog: __,
    explainHeaders: ___,
    maxConnections: ____,
    maxPerAddress: __________,
    maxExchanges: _____,
    loopDelayMs: ______,
    clientPace: _________,
    timeouts,
    rules,
    ...shaping
  } = gateway;
  const { drainMs: _______, tunnelIdleMs: ________, ...laneTimeouts } = timeouts;
  return sha256Hex(
    canonicalJson({
      ...shaping,
      candidate: { ...shaping.candidate, filters: shaping.candidate.filters.map(shapingOfFilter) },
      rules: shapingOf(rules ?? []),
      timeouts: laneTimeouts,
      listenerRegions: listeners.map((listener) => listener.region),
      candidateVersion: plan.candidateVersion,
      windowMs: plan.windowMs,
      canary: plan.canary.match,
      reverseSample: plan.enforce.reverseSample,
      gates: plan.gates,
    }),
  );
}

function compileGateway(config: Config, inputs: Inputs): Omit<GatewayConfig, 'hash'> {
  const { region, rollout, accessLog } = config;
  return {
    listeners: config.listen.map((listener) => compileListener(listener, inputs)),
    nodeRegion: config.node.region,
    regionHeader:
      region.header === undefined ? null : { name: region.header.toLowerCase(), from: region.from ?? [] },
    regionCidrs: regionCidrs(region.cidrs),
    trustedProxies: config.trustedProxies,
    legacy: compileLegacy(config, inputs),
    secondLegacy: compileSecondLegacy(config, inputs),
    candidate: compileCandidate(config, inputs),
    stickyKey: compileStickyKey(rollout.stickyKey),
    shadow: compileShadow(rollout.shadow, inputs),
    rules: compileRules(config.differences.rules, wallMs()),
    timeouts: compileTimeouts(config.timeouts),
    clientPace: {
      bytesPerSec: config.limits.clientBytesPerSecond,
      graceMs: config.timeouts.clientGrace,
    },
    requestBodyBytes: config.limits.requestBody,
    maxConnections: config.limits.connections,
    maxPerAddress: config.limits.connectionsPerAddress,
    maxExchanges: config.limits.exchanges,
    loopDelayMs: config.limits.loopDelay,
    accessLog: accessLog === undefined ? null : compileAccessLog(accessLog, inputs),
    explainHeaders: config.explainHeaders,
  };
}

function compileAccessLog(
  { file, sample, rotate }: NonNullable<Config['accessLog']>,
  inputs: Inputs,
): GatewayConfig['accessLog'] {
  const { maxBytes, maxAge = 0, keep } = rotate ?? {};
  const rotation = maxBytes === undefined || keep === undefined ? null : { maxBytes, maxAgeMs: maxAge, keep };
  return { file: absolute(inputs, file), sample, rotate: rotation };
}

/** The narrowest block first: the first one that holds an address decides. */
function regionCidrs(cidrs: Record<string, string>): GatewayConfig['regionCidrs'] {
  return Object.entries(cidrs)
    .map(([cidr, region]) => ({ cidr, region }))
    .toSorted((one, other) => prefixBits(other.cidr) - prefixBits(one.cidr));
}

function compileTimeouts(timeouts: Config['timeouts']): Timeouts {
  return {
    headMs: timeouts.head,
    clientBodyIdleMs: timeouts.clientBodyIdle,
    clientWriteIdleMs: timeouts.clientWriteIdle,
    keepAliveIdleMs: timeouts.keepAliveIdle,
    connectMs: timeouts.connect,
    firstByteMs: timeouts.firstByte,
    upstreamIdleMs: timeouts.upstreamIdle,
    totalMs: timeouts.total,
    tunnelIdleMs: timeouts.tunnelIdle,
    drainMs: timeouts.drain,
  };
}

function compileNode(config: Config, inputs: Inputs): NodeConfig {
  const { sqlite, retention } = config.store;
  return {
    workers: config.workers ?? Math.min(availableParallelism(), MOST_WORKERS_BY_DEFAULT),
    workerMemoryBytes: config.limits.workerMemory,
    runDir: absolute(inputs, config.runDir),
    admin: { ...config.admin.address, remote: compileRemoteAdmin(config, inputs) },
    store: {
      file: absolute(inputs, sqlite),
      windowsMs: retention.windows,
      examplesMs: retention.examples,
      maxBytes: retention.maxBytes,
    },
    siem: compileSiem(config, inputs),
    watch: config.watch,
  };
}
