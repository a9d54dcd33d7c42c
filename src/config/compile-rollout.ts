import type { CanaryMatch, ShadowConfig, StickyKey } from '../core/snapshot.ts';
import { compileSiemGate } from './compile-siem.ts';
import type { Inputs, SecretRef } from './inputs.ts';
import { readSecret } from './inputs.ts';
import type { ConfiguredPlan } from './plan.ts';
import type { Path } from './problem.ts';
import type { Config } from './schema.ts';

type Rollout = Config['rollout'];
type Rule = Rollout['canary']['match'][number];
type Value = string | SecretRef;

export function compilePlan(config: Config, inputs: Inputs): ConfiguredPlan {
  const { rollout, candidate } = config;
  const { rule, freshMs } = compileSiemGate(config);
  const { shadow, canary, regional, enforce, gates } = rollout;
  return {
    candidateVersion: candidate.version ?? null,
    windowMs: rollout.window,
    shadow: { sample: shadow.sample, ...leftWhen(shadow) },
    canary: {
      match: canary.match.map((rule) => canaryMatch(rule, inputs)),
      minRequests: canary.minRequests,
      ...leftWhen(canary),
    },
    regional: { steps: regional.steps, ...leftWhen(regional) },
    enforce: { reverseSample: enforce.reverseShadow, dwellMs: enforce.dwell },
    gates: {
      minPairs: gates.minPairs,
      errorRate: gates.errorRate.margin,
      tail: gates.tail.margin,
      differences: gates.differences.margin,
      badWindows: gates.bake.badWindows,
      ...((shadow.noise?.share ?? 0) > 0 ? { noise: true } : {}),
      ...(rule === undefined ? {} : { siem: rule }),
    },
    ...(freshMs === undefined ? {} : { siemFreshMs: freshMs }),
  };
}

type LeftWhen = Pick<Rollout['regional'], 'dwell' | 'maxDuration' | 'approval' | 'advance'>;

function leftWhen({ dwell, maxDuration, approval, advance }: LeftWhen) {
  return {
    dwellMs: dwell,
    maxDurationMs: maxDuration,
    approval: approval === 'required',
    automatic: advance === 'automatic',
  };
}

function canaryMatch(rule: Rule, inputs: Inputs): CanaryMatch {
  const header = onlyEntry(rule.header, inputs);
  return {
    header: header === null ? null : [header[0].toLowerCase(), header[1]],
    cookie: onlyEntry(rule.cookie, inputs),
    host: rule.host?.toLowerCase() ?? null,
    from: rule.from ?? [],
    ...(rule.claim === undefined ? {} : { claim: Object.entries(rule.claim)[0] as [string, string] }),
  };
}

function onlyEntry(map: Record<string, Value> | undefined, inputs: Inputs): readonly [string, string] | null {
  const entry = Object.entries(map ?? {})[0];
  return entry === undefined ? null : [entry[0], resolveSecret(entry[1], inputs)];
}

function resolveSecret(value: Value, inputs: Inputs): string {
  if (typeof value === 'string') return value;
  const read = readSecret(inputs, value);
  if (read.ok) return read.text;
  throw new Error('a secret of rollout changed while it was read');
}

/** Where secrets stand in the compiled configuration, as key paths from its root. */
export function secretPlaces(rollout: Rollout): Path[] {
  const copied = Object.values(rollout.shadow.setHeaders).flatMap((value, index) =>
    typeof value === 'string' ? [] : [['gateway', 'shadow', 'setHeaders', index, 'value']],
  );
  return [...copied, ...canaryPlaces(rollout)];
}

function canaryPlaces(rollout: Rollout): Path[] {
  return rollout.canary.match.flatMap((rule, index) =>
    (['header', 'cookie'] as const).flatMap((part) => {
      const isSecret = Object.values(rule[part] ?? {}).some((value) => typeof value !== 'string');
      return isSecret ? [['plan', 'canary', 'match', index, part, 1]] : [];
    }),
  );
}

export function compileShadow(shadow: Rollout['shadow'], inputs: Inputs): ShadowConfig {
  return {
    sample: shadow.sample,
    maxRate: shadow.maxRate ?? 0,
    rampMs: shadow.ramp,
    timeoutMs: shadow.timeout,
    maxInFlight: shadow.maxInFlight,
    maxBytes: shadow.maxBytes,
    requestBodyBytes: shadow.bodyLimit,
    answerBytes: shadow.answerLimit,
    stripHeaders: shadow.stripHeaders.map((name) => name.toLowerCase()),
    setHeaders: Object.entries(shadow.setHeaders).map(([name, value]) => ({
      name,
      value: resolveSecret(value, inputs),
    })),
    noiseShare: shadow.noise?.share ?? 0,
  };
}

export function compileStickyKey(key: Rollout['stickyKey']): StickyKey {
  if (key.claim !== undefined) return { claim: key.claim };
  if (key.cookie !== undefined) return { cookie: key.cookie };
  return key.header === undefined ? { address: true } : { header: key.header.toLowerCase() };
}
