import type { Findings } from './findings.ts';
import { JsonDocument } from './json-body.ts';
import { compareJson } from './json-compare.ts';
import type { JsonValue } from './json-reader.ts';
import { LIMITS } from '../core/limits.ts';

/** Lines of JSON as a list of documents, or what is wrong with them. */
type LinesReading =
  | { readonly ok: true; readonly values: JsonValue[] }
  | { readonly ok: false; readonly problem: 'invalid' | 'limit'; readonly verdict: string };

/** Compares two bodies of JSON documents, one a line: as one list. Empty lines say nothing. */
export function compareLines(legacy: Uint8Array, candidate: Uint8Array, findings: Findings): void {
  const [one, other] = [readLines(legacy), readLines(candidate)];
  if (one.ok && other.ok) {
    compareJson(one.values, other.values, findings);
    return;
  }
  const invalid = [one, other].some((reading) => !reading.ok && reading.problem === 'invalid');
  const said = (reading: LinesReading): string => (reading.ok ? 'valid lines of JSON' : reading.verdict);
  findings.add(invalid ? 'json_invalid' : 'json_limit', 'body', said(one), said(other));
}

function readLines(body: Uint8Array): LinesReading {
  const values: JsonValue[] = [];
  let start = 0;
  for (let number = 1; start < body.length; number += 1) {
    if (values.length > LIMITS.jsonNodes) {
      return { ok: false, problem: 'limit', verdict: `more than ${LIMITS.jsonNodes} lines` };
    }
    const newline = body.indexOf(0x0a, start);
    const end = newline === -1 ? body.length : newline;
    const line = body.subarray(start, end);
    start = end + 1;
    if (line.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09)) continue;
    const document = new JsonDocument(line);
    if (document.problem !== null) {
      return { ok: false, problem: document.problem, verdict: `line ${number}: ${document.verdict()}` };
    }
    if (document.reading.ok) values.push(document.reading.value);
  }
  return { ok: true, values };
}
