import { sha256Hex } from '../core/hash.ts';
import { decode } from './decode.ts';
import type { Findings } from './findings.ts';
import { compareAsJson } from './json-body.ts';
import { compareMarkup } from './markup-compare.ts';
import { bodyForm, type MediaType } from './media-type.ts';
import { mislabelled } from './mislabelled.ts';
import { compareLines } from './ndjson.ts';
import { compareText } from './text.ts';
import type { Unkept } from './unkept.ts';

/** Characters of a hash that are shown: enough to tell two bodies apart, and fewer than what is taken for a secret. */
const SHOWN_HASH = 12;

/** One body as it was received. */
export interface EncodedBody {
  readonly body: Uint8Array;
  /** What is known of it instead, when it was not kept; `body` is empty then. */
  readonly unkept: Unkept | null;
  readonly codings: readonly string[];
  readonly type: MediaType;
}

/** Compares two bodies: bytes first; only what differs is decoded, and only what still differs is read. */
export function compareBodies(legacy: EncodedBody, candidate: EncodedBody, findings: Findings): void {
  if (legacy.unkept !== null || candidate.unkept !== null) {
    compareUnkept(legacy, candidate, findings);
    return;
  }
  if (haveSameCodings(legacy, candidate) && sameBytes(legacy.body, candidate.body)) return;
  const [one, other] = [decode(legacy.body, legacy.codings), decode(candidate.body, candidate.codings)];
  if (one.ok && other.ok) {
    if (sameBytes(one.body, other.body)) return;
    compareDecoded({ ...legacy, body: one.body }, { ...candidate, body: other.body }, findings);
    return;
  }
  if (!one.ok && !other.ok && one.tooLarge === true && other.tooLarge === true) {
    if (!endsDiffer(legacy, candidate)) return findings.undecide('body_bytes', 'body/encoded');
  }
  // Where neither can be read, another compressor looks like another content: the class says which one it is.
  const path = one.ok || other.ok ? 'body' : 'body/encoded';
  const lies = one.ok !== other.ok && ((!one.ok && one.lies) || (!other.ok && other.lies));
  findings.add(
    lies ? 'body_mislabelled' : 'body_bytes',
    path,
    one.ok ? summary(one.body) : `${summary(legacy.body)}, ${one.problem}`,
    other.ok ? summary(other.body) : `${summary(candidate.body)}, ${other.problem}`,
  );
}

/** CRC-32 and length of the content (RFC 1952, section 2.3.1). */
const GZIP_END_BYTES = 8;

/**
 * Whether two bodies that are too large to be decoded say themselves that they differ: gzip ends with a checksum of its
 * content, whatever compressed it and how hard. Ends that are equal are no proof of the rest.
 */
function endsDiffer(legacy: EncodedBody, candidate: EncodedBody): boolean {
  if (legacy.codings.join() !== 'gzip' || candidate.codings.join() !== 'gzip') return false;
  return !sameBytes(legacy.body.subarray(-GZIP_END_BYTES), candidate.body.subarray(-GZIP_END_BYTES));
}

/** Whether two byte sequences are the same. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && Buffer.compare(one, other) === 0;
}

function haveSameCodings(legacy: EncodedBody, candidate: EncodedBody): boolean {
  return legacy.codings.join(',') === candidate.codings.join(',');
}

/** Bodies over the limit are held against each other by length and hash, as they were received. */
function compareUnkept(legacy: EncodedBody, candidate: EncodedBody, findings: Findings): void {
  const [one, other] = [hashOf(legacy), hashOf(candidate)];
  const known = one.hash !== null && other.hash !== null;
  if (known && one.hash === other.hash && one.bytes === other.bytes) return;
  if (one.beyond === true || other.beyond === true) return findings.undecide('body_bytes', 'body/encoded');
  const path = legacy.codings.length + candidate.codings.length === 0 ? 'body' : 'body/encoded';
  findings.add('body_bytes', path, unkeptSummary(legacy), unkeptSummary(candidate));
}

/** What can be known of a body that the other one, which was not kept, can be held against. */
function hashOf({ body, codings, unkept }: EncodedBody): Unkept & { readonly beyond?: boolean } {
  if (unkept !== null) return { ...unkept, hash: hashWithCodings(unkept.hash, codings) };
  const decoded = decode(body, codings);
  if (!decoded.ok) {
    const hash = hashWithCodings(sha256Hex(body), codings);
    return { bytes: body.byteLength, hash, beyond: decoded.tooLarge === true };
  }
  return { bytes: decoded.body.byteLength, hash: sha256Hex(decoded.body) };
}

/** The same bytes under two codings are two contents. */
function hashWithCodings(hash: string | null, codings: readonly string[]): string | null {
  return hash === null ? null : [hash, ...codings].join(' ');
}

function unkeptSummary({ body, unkept }: EncodedBody): string {
  if (unkept === null) return summary(body);
  const hash = unkept.hash === null ? 'too large to be hashed' : `sha256 ${unkept.hash.slice(0, SHOWN_HASH)}`;
  return `${unkept.bytes} bytes, ${hash}`;
}

function compareDecoded(legacy: EncodedBody, candidate: EncodedBody, findings: Findings): void {
  const [one, other] = [mislabelled(legacy.body, legacy.type), mislabelled(candidate.body, candidate.type)];
  if ((one === null) !== (other === null)) {
    const said = (body: Uint8Array, lie: string | null): string =>
      `${summary(body)}${lie === null ? '' : `, ${lie}`}`;
    findings.add('body_mislabelled', 'body', said(legacy.body, one), said(candidate.body, other));
    return;
  }
  const lying = one !== null;
  const form = lying ? 'bytes' : formOf(legacy.type, candidate.type);
  if (form === 'json') compareAsJson(legacy.body, candidate.body, findings);
  else if (form === 'lines') compareLines(legacy.body, candidate.body, findings);
  else if (form === 'html' || form === 'xml') compareMarkup([legacy.body, candidate.body], form, findings);
  else if (form === 'text') compareText(legacy.body, candidate.body, findings);
  else findings.add('body_bytes', 'body', summary(legacy.body), summary(candidate.body));
}

/** The form both sides claim; JSON against text is text. */
function formOf(legacy: MediaType, candidate: MediaType): ReturnType<typeof bodyForm> {
  const [one, other] = [bodyForm(legacy), bodyForm(candidate)];
  if (one === other) return one;
  return one === 'bytes' || other === 'bytes' ? 'bytes' : 'text';
}

/** A body by its length and its hash. */
function summary(body: Uint8Array): string {
  return `${body.byteLength} bytes, sha256 ${sha256Hex(body).slice(0, SHOWN_HASH)}`;
}
