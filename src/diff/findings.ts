import { LIMITS } from '../core/limits.ts';
import type { Difference, DifferenceKind, PairResult } from '../core/observation.ts';
import { hidden, mask, maskPair } from './mask.ts';
import type { ActiveRule } from './rule-state.ts';
import { forgiving } from './rule-values.ts';
import type { EndpointRules } from './rules.ts';

/**
 * Collects the differences of one pair. Everything is counted; of each class (kind and path) one is kept, so that
 * a list of a thousand changed prices does not push a missing field out. The only door out: values are masked here.
 */
export class Findings {
  private readonly kept: Difference[] = [];
  private readonly seen = new Set<string>();
  private readonly hits = new Map<string, number>();
  private found = 0;
  private hidden = 0;
  private improved = 0;
  private undecided = false;
  /** What people said about differences at this endpoint; null: nothing. */
  readonly rules: EndpointRules | null;

  constructor(rules: EndpointRules | null = null) {
    this.rules = rules;
  }

  /** How many were counted up to now, found or hidden. */
  get counted(): number {
    return this.found + this.hidden;
  }

  /** Counts one that a rule hides. */
  hide(rule: ActiveRule): void {
    this.hidden += 1;
    this.hits.set(rule.id, (this.hits.get(rule.id) ?? 0) + 1);
  }

  /** Whether rules make two texts say the same; then that is counted. */
  forgives(kind: DifferenceKind, path: string, legacy: string, candidate: string): boolean {
    const state = this.rules?.stateOf(kind, path) ?? null;
    if (state === null || state.values.length === 0) return false;
    const rule = forgiving(state.values, legacy, candidate, false);
    if (rule !== null) this.hide(rule);
    return rule !== null;
  }

  /**
   * Counts one, unless a rule hides it.
   * @returns whether its values are wanted: then call {@link keep} or {@link keepHidden}
   */
  count(kind: DifferenceKind, path: string): boolean {
    const rule = this.rules?.stateOf(kind, path)?.ignoring(kind) ?? null;
    if (rule === null) return this.record(kind, path);
    this.hide(rule);
    return false;
  }

  /** Counts one that was held against the rules already. @returns see {@link count} */
  record(kind: DifferenceKind, path: string): boolean {
    this.found += 1;
    if (kind === 'improved') this.improved += 1;
    if (this.kept.length === LIMITS.differencesPerPair) return false;
    const key = `${kind} ${path}`;
    if (this.seen.has(key)) return false;
    this.seen.add(key);
    return true;
  }

  /** Keeps the values of one that was counted. */
  keep(kind: DifferenceKind, path: string, legacy: string | null, candidate: string | null): void {
    const [maskedLegacy, maskedCandidate] =
      legacy !== null && candidate !== null
        ? maskPair(legacy, candidate)
        : [legacy === null ? null : mask(legacy), candidate === null ? null : mask(candidate)];
    this.kept.push({ kind, path, legacy: maskedLegacy, candidate: maskedCandidate });
  }

  /** Keeps only which side had a value, and what it was called. */
  keepHidden(
    kind: DifferenceKind,
    path: string,
    name: string,
    sides: { legacy: boolean; candidate: boolean },
  ): void {
    const legacy = sides.legacy ? hidden(name) : null;
    this.kept.push({ kind, path, legacy, candidate: sides.candidate ? hidden(name) : null });
  }

  /** Counts one and keeps its values when they are wanted. */
  add(kind: DifferenceKind, path: string, legacy: string | null, candidate: string | null): void {
    if (legacy !== null && candidate !== null && this.forgives(kind, path, legacy, candidate)) return;
    if (this.count(kind, path)) this.keep(kind, path, legacy, candidate);
  }

  /** As {@link add} for values that nobody may read: rules see them, and only their name is kept. */
  addHidden(kind: DifferenceKind, path: string, name: string, values: readonly [string, string]): void {
    if (this.forgives(kind, path, values[0], values[1])) return;
    if (this.count(kind, path)) this.keepHidden(kind, path, name, { legacy: true, candidate: true });
  }

  /** Two bodies of which nobody can tell whether they differ; what a rule ignores need not be known. */
  undecide(kind: DifferenceKind, path: string): void {
    const rule = this.rules?.stateOf(kind, path)?.ignoring(kind) ?? null;
    if (rule === null) this.undecided = true;
    else this.hide(rule);
  }

  result(requestId: string): PairResult {
    const { kept, found, improved } = this;
    const ignored = Array.from(this.hits, ([rule, hidden]) => ({ rule, hidden }));
    const result = {
      requestId,
      differences: kept,
      found,
      ignored,
      improvedOnly: found > 0 && found === improved,
    };
    return this.undecided && found === 0 ? { ...result, undecided: true } : result;
  }
}
