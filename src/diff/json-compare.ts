import { LIMITS } from '../core/limits.ts';
import type { DifferenceKind } from '../core/observation.ts';
import type { Findings } from './findings.ts';
import { align, type AlignBudget, type Run } from './json-align.ts';
import { digest } from './json-digest.ts';
import { sameNumber } from './json-number.ts';
import { isTable, JsonPath } from './json-path.ts';
import { JsonNumber, type JsonObject, JsonRepeated, type JsonValue } from './json-reader.ts';

/** Notes every difference of two documents. Key order and the form of numbers are no difference. */
export function compareJson(legacy: JsonValue, candidate: JsonValue, findings: Findings): void {
  new Walker(findings).values(legacy, candidate);
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

  values(legacy: JsonValue, candidate: JsonValue): void {
    const type = typeOf(legacy);
    if (type !== typeOf(candidate)) {
      this.note('json_type', legacy, candidate);
    } else if (legacy instanceof Map && candidate instanceof Map) {
      this.objects(legacy, candidate);
    } else if (Array.isArray(legacy) && Array.isArray(candidate)) {
      this.arrays(legacy, candidate);
    } else if (legacy instanceof JsonRepeated && candidate instanceof JsonRepeated) {
      this.repeated(legacy, candidate);
    } else if (!sameScalar(legacy, candidate) && this.shapeOnly === 0) {
      this.note('json_value', legacy, candidate);
    }
  }

  private objects(legacy: JsonObject, candidate: JsonObject): void {
    const table = isTable(legacy, candidate);
    for (const [key, value] of legacy) {
      const other = candidate.get(key);
      this.path.push(table ? null : key);
      if (other === undefined) this.note('json_missing', value, undefined);
      else this.values(value, other);
      this.path.pop();
    }
    for (const [key, value] of candidate) {
      if (legacy.has(key)) continue;
      this.path.push(table ? null : key);
      this.note('json_added', undefined, value);
      this.path.pop();
    }
  }

  /** A repeated key: parsers disagree about which value counts (RFC 8259, section 4), so all of them do. */
  private repeated(legacy: JsonRepeated, candidate: JsonRepeated): void {
    if (legacy.values.length !== candidate.values.length) this.note('json_length', legacy, candidate);
    const count = Math.min(legacy.values.length, candidate.values.length);
    for (let index = 0; index < count; index += 1) {
      this.values(legacy.values[index] as JsonValue, candidate.values[index] as JsonValue);
    }
  }

  private arrays(legacy: JsonValue[], candidate: JsonValue[]): void {
    const runs = align(legacy.map(digest), candidate.map(digest), this.budget);
    if (this.shapeOnly === 0) this.lengths(legacy, candidate, runs);
    this.path.push(null);
    for (const run of runs) {
      const unequal = run.legacyCount === run.candidateCount ? 0 : 1;
      this.shapeOnly += unequal;
      for (let index = 0; index < Math.min(run.legacyCount, run.candidateCount); index += 1) {
        const [one, other] = [legacy[run.legacyStart + index], candidate[run.candidateStart + index]];
        this.values(one as JsonValue, other as JsonValue);
      }
      this.shapeOnly -= unequal;
    }
    this.path.pop();
  }

  /** Everything inserted into one list or removed from it is one difference. */
  private lengths(legacy: JsonValue[], candidate: JsonValue[], runs: readonly Run[]): void {
    const [inserted, removed] = [surplus(runs, 1), surplus(runs, -1)];
    if (inserted + removed === 0) return;
    const path = this.path.pointer();
    if (!this.findings.count('json_length', path)) return;
    const change = `${candidate.length} elements (${inserted} inserted, ${removed} removed)`;
    this.findings.keep('json_length', path, `${legacy.length} elements`, change);
  }

  private note(kind: DifferenceKind, legacy: JsonValue | undefined, candidate: JsonValue | undefined): void {
    const path = this.path.pointer();
    if (!this.findings.count(kind, path)) return;
    const sides = { legacy: legacy !== undefined, candidate: candidate !== undefined };
    if (this.path.isSensitive()) this.findings.keepHidden(kind, path, 'field', sides);
    else this.findings.keep(kind, path, shown(legacy), shown(candidate));
  }
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
