import { sha256Hex } from '../core/hash.ts';
import { decode } from './decode.ts';
import type { Findings } from './findings.ts';
import { compareJson } from './json-compare.ts';
import { type JsonReading, readJson } from './json-reader.ts';
import { maskAround } from './mask.ts';
import type { BodyForm } from './media-type.ts';
import { compareText } from './text.ts';

/** One body as it was received. */
export interface EncodedBody {
  readonly body: Uint8Array;
  readonly codings: readonly string[];
  readonly form: BodyForm;
}

/** Compares two bodies: bytes first; only what differs is decoded, and only what still differs is read. */
export function compareBodies(legacy: EncodedBody, candidate: EncodedBody, findings: Findings): void {
  const sameCodings = legacy.codings.join(',') === candidate.codings.join(',');
  if (sameCodings && sameBytes(legacy.body, candidate.body)) return;
  const [one, other] = [decode(legacy.body, legacy.codings), decode(candidate.body, candidate.codings)];
  if (one.ok && other.ok) {
    if (!sameBytes(one.body, other.body))
      compareDecoded(one.body, other.body, formOf(legacy, candidate), findings);
    return;
  }
  findings.add(
    'body_bytes',
    // Where neither can be read, another compressor looks like another content: the class says which one it is.
    one.ok || other.ok ? 'body' : 'body/encoded',
    one.ok ? summary(one.body) : `${summary(legacy.body)}, ${one.problem}`,
    other.ok ? summary(other.body) : `${summary(candidate.body)}, ${other.problem}`,
  );
}

/** Whether two byte sequences are the same. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && Buffer.compare(one, other) === 0;
}

/** The form both sides claim; JSON against text is text. */
function formOf(legacy: EncodedBody, candidate: EncodedBody): BodyForm {
  if (legacy.form === candidate.form) return legacy.form;
  return legacy.form === 'bytes' || candidate.form === 'bytes' ? 'bytes' : 'text';
}

function compareDecoded(legacy: Uint8Array, candidate: Uint8Array, form: BodyForm, findings: Findings): void {
  if (form === 'json') compareAsJson(legacy, candidate, findings);
  else if (form === 'text') compareText(legacy, candidate, findings);
  else findings.add('body_bytes', 'body', summary(legacy), summary(candidate));
}

/** JSON is UTF-8 without a byte order mark (RFC 8259, section 8.1); anything else breaks some clients. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function compareAsJson(legacy: Uint8Array, candidate: Uint8Array, findings: Findings): void {
  const [one, other] = [new Document(legacy), new Document(candidate)];
  if (one.reading.ok && other.reading.ok) compareJson(one.reading.value, other.reading.value, findings);
  else if (one.problem === 'invalid' || other.problem === 'invalid') {
    findings.add('json_invalid', 'body', one.verdict(), other.verdict());
  } else findings.add('json_limit', 'body', summary(legacy), summary(candidate));
}

/** A body that is said to be JSON. */
class Document {
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

/** A body by its length and its hash. */
function summary(body: Uint8Array): string {
  return `${body.byteLength} bytes, sha256 ${sha256Hex(body).slice(0, 16)}`;
}
