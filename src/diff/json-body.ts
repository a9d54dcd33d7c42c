import { LIMITS } from '../core/limits.ts';
import type { Findings } from './findings.ts';
import { compareJson } from './json-compare.ts';
import { type JsonReading, readJson } from './json-reader.ts';
import { differingPart } from './json-skip.ts';
import { maskAround } from './mask.ts';

/** JSON is UTF-8 without a byte order mark (RFC 8259, section 8.1); anything else breaks some clients. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Compares two bodies that are said to be JSON and are not the same bytes. */
export function compareAsJson(legacy: Uint8Array, candidate: Uint8Array, findings: Findings): void {
  const part = differingPart(legacy, candidate, findings.rules?.body ?? null);
  if (part !== null) {
    compareJson(part.legacy, part.candidate, findings, part.place);
    return;
  }
  const [one, other] = [new JsonDocument(legacy), new JsonDocument(candidate)];
  if (one.reading.ok && other.reading.ok) compareJson(one.reading.value, other.reading.value, findings);
  else if (one.problem === 'invalid' || other.problem === 'invalid') {
    findings.add('json_invalid', 'body', one.verdict(), other.verdict());
  } else findings.add('json_limit', 'body', sizeOf(legacy), sizeOf(candidate));
}

function sizeOf(body: Uint8Array): string {
  return `JSON of ${body.byteLength} bytes, beyond ${LIMITS.jsonDepth} levels or ${LIMITS.jsonNodes} values`;
}

/** A body that is said to be JSON. */
export class JsonDocument {
  readonly reading: JsonReading;
  private readonly text: string;

  constructor(body: Uint8Array) {
    let text = '';
    let utf8 = true;
    try {
      text = UTF8.decode(body);
    } catch {
      utf8 = false;
    }
    this.text = text;
    this.reading = utf8 ? readJson(text) : { ok: false, problem: 'invalid', at: -1 };
  }

  get problem(): 'invalid' | 'limit' | null {
    return this.reading.ok ? null : this.reading.problem;
  }

  /** For people: what is wrong, and the text around it. */
  verdict(): string {
    if (this.reading.ok) return 'valid JSON';
    if (this.reading.problem === 'limit') return 'JSON beyond the limits of depth or size';
    if (this.reading.at === -1) return 'not UTF-8';
    return `not JSON at character ${this.reading.at + 1}: ${maskAround(this.text, this.reading.at)}`;
  }
}
