import { isDeepStrictEqual } from 'node:util';
import { hashed } from '../config/compile.ts';
import type { CompiledConfig } from '../config/compile.ts';
import type { Path } from '../config/problem.ts';
import type { ConfiguredPlan } from '../config/plan.ts';
import type { ListenerConfig } from '../core/snapshot.ts';

/** A configuration, hashed as it takes effect, that can be applied to a running node, and what of the file cannot. */
export interface Adoptable {
  readonly config: CompiledConfig;
  /** Keys of the file that differ and keep their old value until a restart. */
  readonly needRestart: readonly string[];
}

/** Puts a new configuration on top of what a running node cannot change: its addresses, processes and files. */
export function adoptable(running: CompiledConfig, loaded: CompiledConfig): Adoptable {
  const { node, plan, gateway } = running;
  const sameAddresses = addresses(gateway.listeners) === addresses(loaded.gateway.listeners);
  const changed: [string, boolean][] = [
    ['listen', !sameAddresses],
    ['workers', node.workers !== loaded.node.workers],
    ['limits.workerMemory', node.workerMemoryBytes !== loaded.node.workerMemoryBytes],
    ['runDir', node.runDir !== loaded.node.runDir],
    ['admin', JSON.stringify(node.admin) !== JSON.stringify(loaded.node.admin)],
    ['store', JSON.stringify(node.store) !== JSON.stringify(loaded.node.store)],
    ['rollout.window', plan.windowMs !== loaded.plan.windowMs],
    ['watch', node.watch !== loaded.node.watch],
    ['siem', !isDeepStrictEqual(node.siem, loaded.node.siem)],
  ];
  const isKept = ([first, second]: Path): boolean =>
    first === 'node' || (!sameAddresses && first === 'gateway' && second === 'listeners');
  const listeners = sameAddresses ? loaded.gateway.listeners : gateway.listeners;
  return {
    config: hashed({
      ...loaded,
      node,
      plan: { ...loaded.plan, windowMs: plan.windowMs, ...siemOf(plan, loaded.plan) },
      gateway: { ...loaded.gateway, listeners },
      // A secret is hidden where it stands: in the part that it came with.
      secrets: [...loaded.secrets.filter((path) => !isKept(path)), ...running.secrets.filter(isKept)],
    }),
    needRestart: changed.filter(([, differs]) => differs).map(([key]) => key),
  };
}

/** The SIEM is asked by who runs: a gate that waits for answers goes with it, with the margins of the new file. */
function siemOf(
  { gates: { siem: before }, siemFreshMs }: ConfiguredPlan,
  { gates: { siem: after, ...gates } }: ConfiguredPlan,
): Pick<ConfiguredPlan, 'gates' | 'siemFreshMs'> {
  if (before === undefined || siemFreshMs === undefined) return { gates };
  return { gates: { ...gates, siem: after ?? before }, siemFreshMs };
}

/** Where this node listens, and how a connection begins there; certificates can be replaced at any time. */
function addresses(listeners: readonly ListenerConfig[]): string {
  return JSON.stringify(
    listeners.map(({ tls, ...listener }) => ({ ...listener, tls: tls !== undefined, region: null })),
  );
}
