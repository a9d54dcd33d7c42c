import { LIMITS } from '../core/limits.ts';
import type { DifferenceKind } from '../core/observation.ts';
import type { Findings } from './findings.ts';
import { align, type AlignBudget, type Run } from './json-align.ts';
import { digest } from './json-digest.ts';
import { asSet, byField, inOrder } from './json-lists.ts';
import { sameNumber } from './json-number.ts';
import { isTable, JsonPath } from './json-path.ts';
import { JsonNumber, type JsonObject, JsonRepeated, type JsonValue } from './json-reader.ts';
import type { ActiveRule, PathState } from './rule-state.ts';
import { forgiving } from './rule-values.ts';

/** The way from a document to two parts of it: keys, null for an element of a list. */
export type JsonPlace = readonly (string | null)[];

/** Two values that stand at the same place of their documents. */
export interface JsonPart {
  readonly legacy: JsonValue;
  readonly candidate: JsonValue;
  readonly place: JsonPlace;
}

/** Notes every difference of two documents. Key order and the form of numbers are no difference. */
export function compareJson(legacy: JsonValue, candidate: JsonValue, findings: Findings): void {
  compareJsonParts([{ legacy, candidate, place: [] }], findings);
}

/** The same for documents that are equal everywhere but in these parts. */
export function compareJsonParts(parts: readonly JsonPart[], findings: Findings): void {
  const walker = new Walker(findings);
  for (const part of parts) walker.part(part);
}

class Walker {
  private readonly findings: Findings;
  private readonly path = new JsonPath();
  /** Inside elements that may not belong together: only their shape is compared. */
  private shapeOnly = 0;
  private readonly budget: AlignBudget = { cells: LIMITS.jsonAlignCells };

  constructor(findings: Findings) {
    this.findings = findings;
  }

  part({ legacy, candidate, place }: JsonPart): void {
    let state = this.findings.rules?.body ?? null;
    for (const key of place) {
      this.path.push(key);
      state = stateBelow(state, key);
    }
    this.values(legacy, candidate, state);
    for (const _ of place) this.path.pop();
  }

  values(legacy: JsonValue, candidate: JsonValue, state: PathState | null): void {
    const type = typeOf(legacy);
    if (type !== typeOf(candidate)) {
      this.note('json_type', legacy, candidate, state);
    } else if (legacy instanceof Map && candidate instanceof Map) {
      this.objects(legacy, candidate, state);
    } else if (Array.isArray(legacy) && Array.isArray(candidate)) {
      this.arrays(legacy, candidate, state);
    } else if (legacy instanceof JsonRepeated && candidate instanceof JsonRepeated) {
      this.repeated(legacy, candidate, state);
    } else if (!sameScalar(legacy, candidate) && this.shapeOnly === 0) {
      const rule = state === null ? null : forgivingScalar(state, legacy, candidate);
      if (rule === null) this.note('json_value', legacy, candidate, state);
      else this.findings.hide(rule);
    }
  }

  private objects(legacy: JsonObject, candidate: JsonObject, state: PathState | null): void {
    const table = isTable(legacy, candidate);
    for (const [key, value] of legacy) {
      const other = candidate.get(key);
      const below = state === null ? null : state.child(key);
      this.path.push(table ? null : key);
      if (other === undefined) this.note('json_missing', value, undefined, below);
      else this.values(value, other, below);
      this.path.pop();
    }
    for (const [key, value] of candidate) {
      if (legacy.has(key)) continue;
      this.path.push(table ? null : key);
      this.note('json_added', undefined, value, state === null ? null : state.child(key));
      this.path.pop();
    }
  }

  /** A repeated key: parsers disagree about which value counts (RFC 8259, section 4), so all of them do. */
  private repeated(legacy: JsonRepeated, candidate: JsonRepeated, state: PathState | null): void {
    if (legacy.values.length !== candidate.values.length) this.note('json_length', legacy, candidate, state);
    const count = Math.min(legacy.values.length, candidate.values.length);
    for (let index = 0; index < count; index += 1) {
      this.values(legacy.values[index] as JsonValue, candidate.values[index] as JsonValue, state);
    }
  }

  private arrays(legacy: JsonValue[], candidate: JsonValue[], state: PathState | null): void {
    const rule = state?.list ?? null;
    const element = state === null ? null : state.element();
    // Of what is hidden altogether nothing is arranged: what differs there belongs to the rule that hides it.
    if (rule === null || state?.hidesAll === true) this.lists(legacy, candidate, state);
    else if (rule.action.do === 'keyedBy')
      this.keyed(legacy, candidate, state as PathState, rule.action.field);
    else {
      const arranged = rule.action.do === 'sort' ? inOrder : asSet;
      const [one, other] = [arranged(legacy, element), arranged(candidate, element)];
      const before = this.findings.counted;
      if (isMended([legacy, candidate], [one, other], element)) this.findings.hide(rule);
      this.lists(one, other, state);
      // An element that stood for another one may have taken with it what differs.
      const isSilent = this.findings.counted === before && this.shapeOnly === 0;
      if (isSilent && !sameElements(legacy, candidate, null)) this.findings.hide(rule);
    }
  }

  private lists(legacy: JsonValue[], candidate: JsonValue[], state: PathState | null): void {
    const element = state === null ? null : state.element();
    const digestOf = (value: JsonValue): number => digest(value, element);
    const runs = align(legacy.map(digestOf), candidate.map(digestOf), this.budget);
    this.lengths([legacy.length, candidate.length], [surplus(runs, 1), surplus(runs, -1)], state);
    this.path.push(null);
    for (const run of runs) {
      const unequal = run.legacyCount === run.candidateCount ? 0 : 1;
      this.shapeOnly += unequal;
      for (let index = 0; index < Math.min(run.legacyCount, run.candidateCount); index += 1) {
        const [one, other] = [legacy[run.legacyStart + index], candidate[run.candidateStart + index]];
        this.values(one as JsonValue, other as JsonValue, element);
      }
      this.shapeOnly -= unequal;
    }
    this.path.pop();
  }

  /** Elements that belong together by a field, wherever they stand; a list that has no such field is one like others. */
  private keyed(legacy: JsonValue[], candidate: JsonValue[], state: PathState, field: string): void {
    const keys = field.split('/');
    const [ones, others] = [byField(legacy, keys), byField(candidate, keys)];
    if (ones === null || others === null) {
      this.lists(legacy, candidate, state);
      return;
    }
    const shared = [...ones.keys()].filter((key) => others.has(key));
    const inOther = [...others.keys()].filter((key) => ones.has(key));
    if (state.list !== null && shared.some((key, index) => key !== inOther[index])) {
      this.findings.hide(state.list);
    }
    this.lengths([ones.size, others.size], [others.size - shared.length, ones.size - shared.length], state);
    this.path.push(null);
    for (const key of shared) {
      this.values(ones.get(key) as JsonValue, others.get(key) as JsonValue, state.element());
    }
    this.path.pop();
  }

  /** Everything inserted into one list or removed from it is one difference. */
  private lengths(
    [legacy, candidate]: readonly [number, number],
    [inserted, removed]: readonly [number, number],
    state: PathState | null,
  ): void {
    if (this.shapeOnly > 0 || inserted + removed === 0) return;
    const path = this.counted('json_length', state);
    if (path === null) return;
    const change = `${candidate} elements (${inserted} inserted, ${removed} removed)`;
    this.findings.keep('json_length', path, `${legacy} elements`, change);
  }

  private note(
    kind: DifferenceKind,
    legacy: JsonValue | undefined,
    candidate: JsonValue | undefined,
    state: PathState | null,
  ): void {
    const path = this.counted(kind, state);
    if (path === null) return;
    const sides = { legacy: legacy !== undefined, candidate: candidate !== undefined };
    if (this.path.isSensitive()) this.findings.keepHidden(kind, path, 'field', sides);
    else this.findings.keep(kind, path, shown(legacy), shown(candidate));
  }

  /** Counts one, or that a rule hid it. @returns its path when its values are wanted */
  private counted(kind: DifferenceKind, state: PathState | null): string | null {
    const rule = state === null ? null : state.ignoring(kind);
    if (rule !== null) {
      this.findings.hide(rule);
      return null;
    }
    const path = this.path.pointer();
    return this.findings.record(kind, path) ? path : null;
  }
}

/** The state of a member, or of the elements of a list (null). */
export function stateBelow(state: PathState | null, key: string | null): PathState | null {
  if (state === null) return null;
  return key === null ? state.element() : state.child(key);
}

/** Whether two lists differ as they came, and do not as they were arranged. */
function isMended(
  [legacy, candidate]: readonly [readonly JsonValue[], readonly JsonValue[]],
  [one, other]: readonly [readonly JsonValue[], readonly JsonValue[]],
  element: PathState | null,
): boolean {
  return !sameElements(legacy, candidate, element) && sameElements(one, other, element);
}

function sameElements(
  legacy: readonly JsonValue[],
  candidate: readonly JsonValue[],
  element: PathState | null,
): boolean {
  return (
    legacy.length === candidate.length &&
    legacy.every((value, index) => digest(value, element) === digest(candidate[index] as JsonValue, element))
  );
}

function forgivingScalar(state: PathState, legacy: JsonValue, candidate: JsonValue): ActiveRule | null {
  if (state.values.length === 0) return null;
  if (legacy instanceof JsonNumber && candidate instanceof JsonNumber) {
    return forgiving(state.values, legacy.text, candidate.text, true);
  }
  if (typeof legacy !== 'string' || typeof candidate !== 'string') return null;
  return forgiving(state.values, legacy, candidate, false);
}

/** Elements that one side has more, over all runs. */
function surplus(runs: readonly Run[], sign: 1 | -1): number {
  return runs.reduce((sum, run) => sum + Math.max(0, sign * (run.candidateCount - run.legacyCount)), 0);
}

function sameScalar(legacy: JsonValue, candidate: JsonValue): boolean {
  if (legacy instanceof JsonNumber && candidate instanceof JsonNumber) {
    return sameNumber(legacy.text, candidate.text);
  }
  return legacy === candidate;
}

function typeOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (value instanceof JsonNumber) return 'number';
  if (value instanceof JsonRepeated) return 'repeated key';
  if (Array.isArray(value)) return 'array';
  return value instanceof Map ? 'object' : typeof value;
}

/** A value for people: scalars as JSON, everything else by its size only. */
function shown(value: JsonValue | undefined): string | null {
  if (value === undefined) return null;
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return `"${value}"`;
  if (value instanceof JsonNumber) return value.text;
  if (value instanceof JsonRepeated) return `a key that stands ${value.values.length} times`;
  return Array.isArray(value) ? `array of ${value.length}` : `object with ${value.size} keys`;
}
