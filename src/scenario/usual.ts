import { loadConfig } from '../config/load.ts';
import { configSchema } from '../config/schema.ts';
import { valueAt } from '../config/view.ts';
import { isSafeMethod } from '../core/methods.ts';
import { parseDurationMs } from '../core/units.ts';
import { ALPHA_ADVANCE, badWindowsAt, errorMargin } from '../rollout/gates/plan.ts';
import type { GatePlan } from '../rollout/gates/plan.ts';
import { BAKE_PAIRS, NO_BAKE, windowsToBake } from '../stats/bake.ts';
import { pairsToAdvance } from '../stats/eta.ts';
import { P99_SAMPLES } from '../telemetry/histogram.ts';
import type { Traffic } from './schema-traffic.ts';

/** A public setting of the rollout that the scenario changed, as both are written. */
export interface ChangedSetting {
  /** `shadow.sample`, below `rollout`. */
  readonly key: string;
  readonly here: string;
  readonly usual: string;
  /** The time that the default needs at this traffic; null for a setting that takes none. */
  readonly needsMs: number | null;
}

/** What a rollout with the defaults would take at this traffic: the scenario is a short version of it. */
export interface UsualTimes {
  /** Requests a second that can be copied. */
  readonly perSecond: number;
  readonly pairsPerSecond: number;
  /** Pairs that all agree, as many as prove a phase. */
  readonly pairs: number;
  readonly pairsMs: number;
  /** Until legacy's p99 is known and no more answers of the candidate are beyond it. */
  readonly tailMs: number;
  /** Windows without a burst of errors, as many as prove that they are rare in shadow. */
  readonly windows: number;
  readonly windowsMs: number;
  readonly phases: readonly { readonly phase: string; readonly ms: number; readonly times: number }[];
  readonly totalMs: number;
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly default?: unknown;
}

/** Settings of `rollout` that are not what they would be if they were left out. */
export function changedSettings(
  config: Readonly<Record<string, unknown>>,
  times: UsualTimes | null,
): ChangedSetting[] {
  const root = configSchema.toJSONSchema({ target: 'draft-7', io: 'input' }) as SchemaNode;
  return leavesOf(root.properties?.['rollout'] ?? {}, []).flatMap(({ path, usual }) => {
    const here = valueAt(config, ['rollout', ...path]);
    if (here === undefined || here === usual) return [];
    const key = path.join('.');
    return [{ key, here: written(here), usual: written(usual), needsMs: needs(key, written(usual), times) }];
  });
}

/** What the default of one setting takes: its time, or that of its pairs. */
function needs(key: string, usual: string, times: UsualTimes | null): number | null {
  if (times === null) return null;
  if (key === 'gates.minPairs') return (Number(usual) / times.pairsPerSecond) * 1_000;
  if (key === 'gates.tail.margin') return times.tailMs;
  if (key === 'gates.bake.badWindows') return times.windowsMs;
  if (key === 'shadow.sample' || key.endsWith('.margin')) return times.pairsMs;
  const [phase = ''] = key.split('.');
  const repeated = times.phases.find((each) => each.phase === phase)?.times ?? 1;
  return /(^|\.)(dwell|window)$/.test(key) ? (parseDurationMs(usual) ?? 0) * repeated : null;
}

function written(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Every key with a default that is one value. */
function leavesOf(node: SchemaNode, path: readonly string[]): { path: readonly string[]; usual: unknown }[] {
  if (node.properties === undefined)
    return node.default === undefined || typeof node.default === 'object'
      ? []
      : [{ path, usual: node.default }];
  return Object.entries(node.properties).flatMap(([key, below]) => leavesOf(below, [...path, key]));
}

/** Where every setting is left out. */
const BARE = {
  listen: [{ address: '127.0.0.1:0' }],
  legacy: { servers: ['http://127.0.0.1:1'] },
  candidate: { servers: ['http://127.0.0.1:2'] },
};

/**
 * The time that the defaults would need.
 * @param steps regional steps of the scenario: the defaults have none
 */
export function usualTimes(traffic: readonly Traffic[], steps: number): UsualTimes | null {
  const bare = loadConfig('cutover.yaml', { text: JSON.stringify(BARE), environment: {} });
  if (!bare.ok) return null;
  const { plan } = bare.config;
  const perSecond = safeRate(traffic);
  const pairsPerSecond = perSecond * plan.shadow.sample;
  const margin = Math.min(errorMargin(plan, { phase: 'shadow', legacyErrorRate: 0 }), plan.gates.differences);
  const pairs = Math.max(plan.gates.minPairs, pairsFor(margin));
  const pairsMs = (pairs / pairsPerSecond) * 1_000;
  const tailMs = (P99_SAMPLES / perSecond + pairsFor(plan.gates.tail) / pairsPerSecond) * 1_000;
  const [windows, windowsMs] = bakeOf('shadow', plan, pairsPerSecond);
  const [, stepMs] = bakeOf('regional', plan, pairsPerSecond);
  const phases = [
    { phase: 'shadow', ms: Math.max(plan.shadow.dwellMs, pairsMs, tailMs, windowsMs), times: 1 },
    { phase: 'canary', ms: plan.canary.dwellMs, times: 1 },
    { phase: 'regional', ms: Math.max(plan.regional.dwellMs, stepMs), times: steps },
    { phase: 'enforce', ms: plan.enforce.dwellMs, times: 1 },
  ];
  const totalMs = phases.reduce((sum, { ms, times }) => sum + ms * times, 0);
  return { perSecond, pairsPerSecond, pairs, pairsMs, tailMs, windows, windowsMs, phases, totalMs };
}

function pairsFor(margin: number): number {
  return pairsToAdvance({ n: 0, plus: 0, minus: 0 }, margin, ALPHA_ADVANCE) ?? 0;
}

/** Windows that a phase has to bake, and their time: where pairs are few, several make one that counts. */
function bakeOf(phase: string, plan: GatePlan, pairsPerSecond: number): [windows: number, ms: number] {
  const windows = windowsToBake(NO_BAKE, badWindowsAt(plan, phase), ALPHA_ADVANCE) ?? 0;
  const perWindow = (pairsPerSecond * plan.windowMs) / 1_000;
  return [windows, windows * plan.windowMs * Math.max(1, Math.ceil(BAKE_PAIRS / perWindow))];
}

/** Requests a second whose methods change nothing, at the fullest moment. */
function safeRate(traffic: readonly Traffic[]): number {
  const at = (ms: number): number =>
    traffic
      .filter((part) => part.at <= ms && ms < part.at + (part.for ?? Number.POSITIVE_INFINITY))
      .reduce((sum, part) => sum + part.rate * safeShare(part), 0);
  return Math.max(...traffic.map((part) => at(part.at)));
}

function safeShare({ mix }: Traffic): number {
  if (mix === undefined) return 1;
  const weight = (entries: typeof mix): number => entries.reduce((sum, entry) => sum + entry.weight, 0);
  return weight(mix.filter(({ method }) => isSafeMethod(method))) / weight(mix);
}
