/**
 * A reader of DER (X.690), as far as certificates and lists of revoked ones need it. Every length is checked against the
 * bytes that are there; whatever is wrong makes the answer null, and nothing is thrown.
 */

/** One value: its tag, and where its content stands in the bytes it was read from. */
export interface DerElement {
  readonly tag: number;
  /** Start of the tag, start and end of the content. */
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

export const DER = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  oid: 6,
  utcTime: 23,
  generalizedTime: 24,
  sequence: 48,
} as const;

/** Values in one list: a list of revoked certificates of 1 MiB has 30,000. */
const ELEMENTS = 200_000;

/** The value that begins at `at` and ends at `end` at the latest, or null. */
export function readElement(bytes: Buffer, at: number, end: number): DerElement | null {
  if (at + 2 > end || end > bytes.length) return null;
  const tag = bytes[at] as number;
  // Long tags have no place in a certificate.
  if ((tag & 31) === 31) return null;
  const first = bytes[at + 1] as number;
  if (first < 128) return bounded(tag, at, at + 2, first, end);
  const size = first - 128;
  if (size === 0 || size > 4 || at + 2 + size > end) return null;
  const length = bytes.readUIntBE(at + 2, size);
  // DER has one way to write a length: the shortest.
  if (length < 128 || (size > 1 && length < 256 ** (size - 1))) return null;
  return bounded(tag, at, at + 2 + size, length, end);
}

function bounded(tag: number, at: number, start: number, length: number, end: number): DerElement | null {
  return start + length > end ? null : { tag, at, start, end: start + length };
}

/** The values inside of one, in their order; null when they do not fill it exactly. */
export function childrenOf(
  bytes: Buffer,
  { start, end }: Pick<DerElement, 'start' | 'end'>,
): DerElement[] | null {
  const children: DerElement[] = [];
  for (let at = start; at < end;) {
    const child = readElement(bytes, at, end);
    if (child === null || children.length >= ELEMENTS) return null;
    children.push(child);
    at = child.end;
  }
  return children;
}

/** The only value in these bytes, of this tag, as its children. */
export function sequenceOf(bytes: Buffer): DerElement[] | null {
  const outer = readElement(bytes, 0, bytes.length);
  if (outer === null || outer.tag !== DER.sequence || outer.end !== bytes.length) return null;
  return childrenOf(bytes, outer);
}

/** The content of a value. */
export function contentOf(bytes: Buffer, element: DerElement): Buffer {
  return bytes.subarray(element.start, element.end);
}

/** A value with its tag and length. */
export function wholeOf(bytes: Buffer, element: DerElement): Buffer {
  return bytes.subarray(element.at, element.end);
}

/** An object identifier in dots, or null. */
export function oidOf(content: Buffer): string | null {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 127);
    if (arc > Number.MAX_SAFE_INTEGER) return null;
    if (byte >= 128) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first] = arcs;
  if (first === undefined || (content.at(-1) ?? 128) >= 128) return null;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...arcs.slice(1)].join('.');
}

/** Milliseconds since the Unix epoch of a UTCTime or a GeneralizedTime in the form of RFC 5280, or null. */
export function timeOf(bytes: Buffer, element: DerElement): number | null {
  const text = contentOf(bytes, element).toString('latin1');
  const isShort = element.tag === DER.utcTime;
  if (!isShort && element.tag !== DER.generalizedTime) return null;
  const digits = isShort ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text;
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits);
  if (parts === null) return null;
  const [, year, month, day, hour, minute, second] = parts;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? null : ms;
}
