/** The little that is read of a ClientHello before OpenSSL reads it (RFC 8446, section 4.1.2). */
export interface ClientHello {
  /** The name that is asked for (RFC 6066, section 3), lower-case; null where there is none that can be one. */
  readonly serverName: string | null;
  /** The first bytes of the session ticket that is offered, which name its key (RFC 5077, section 4), or null. */
  readonly ticketKeyName: Buffer | null;
}

/** `other`: no ClientHello that can be read; OpenSSL says what is wrong with it. */
export type HelloRead =
  | { readonly kind: 'more' }
  | { readonly kind: 'other' }
  | { readonly kind: 'hello'; readonly hello: ClientHello };

const MORE: HelloRead = { kind: 'more' };
const OTHER: HelloRead = { kind: 'other' };

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const RECORD_HEADER = 5;
/** Of one record: RFC 8446, section 5.1. */
const RECORD_BYTES = 16_384;
const RANDOM_BYTES = 32;

const SERVER_NAME = 0;
const SESSION_TICKET = 35;
const PRE_SHARED_KEY = 41;
/** Names the key of a ticket of OpenSSL. */
const KEY_NAME_BYTES = 16;

/** What a name may consist of: anything else names nobody. */
const NAME = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
const NAME_BYTES = 253;

/**
 * Reads the first message of a connection.
 * @param bytes everything that came so far
 * @param limitBytes of the whole message; a longer one is `other`
 */
export function readClientHello(bytes: Buffer, limitBytes: number): HelloRead {
  const message = handshakeMessage(bytes, limitBytes);
  if (message === 'more') return MORE;
  if (message === null) return OTHER;
  const hello = parse(message);
  return hello === null ? OTHER : { kind: 'hello', hello };
}

/** The body of the first handshake message, put together from its records. */
function handshakeMessage(bytes: Buffer, limitBytes: number): Buffer | 'more' | null {
  const parts: Buffer[] = [];
  let have = 0;
  let whole: number | null = Number.POSITIVE_INFINITY;
  for (let at = 0; ;) {
    if (at < bytes.length && bytes[at] !== HANDSHAKE) return null;
    if (bytes.length < at + RECORD_HEADER) return 'more';
    const length = bytes.readUInt16BE(at + 3);
    if (bytes[at + 1] !== 3 || length === 0 || length > RECORD_BYTES) return null;
    const part = bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length);
    parts.push(part);
    have += part.length;
    // Its header may come in records of one byte each.
    if (whole === Number.POSITIVE_INFINITY) whole = wholeLength(Buffer.concat(parts), limitBytes);
    if (whole === null) return null;
    if (have >= whole) return Buffer.concat(parts).subarray(4, whole);
    if (part.length < length) return 'more';
    at += RECORD_HEADER + length;
  }
}

/** Bytes of a message with its header; as long as that is not there, more than there can be. Null: no ClientHello. */
function wholeLength(first: Buffer, limitBytes: number): number | null {
  if (first.length > 0 && first[0] !== CLIENT_HELLO) return null;
  if (first.length < 4) return Number.POSITIVE_INFINITY;
  const whole = 4 + first.readUIntBE(1, 3);
  return whole > limitBytes ? null : whole;
}

/** Takes lengths and vectors from a message; a length that is wrong makes everything after it null. */
class Cursor {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** The next bytes, or null. */
  take(count: number): Buffer | null {
    if (this.left < count) return null;
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  /** A number of 1 or 2 bytes, or null. */
  number(size: 1 | 2): number | null {
    return this.take(size)?.readUIntBE(0, size) ?? null;
  }

  /** A vector behind its length of 1 or 2 bytes, or null. */
  vector(size: 1 | 2): Buffer | null {
    const length = this.number(size);
    return length === null ? null : this.take(length);
  }
}

function parse(message: Buffer): ClientHello | null {
  const cursor = new Cursor(message);
  const isWhole =
    cursor.take(2 + RANDOM_BYTES) !== null &&
    cursor.vector(1) !== null &&
    cursor.vector(2) !== null &&
    cursor.vector(1) !== null;
  if (!isWhole) return null;
  if (cursor.left === 0) return { serverName: null, ticketKeyName: null };
  const extensions = cursor.vector(2);
  return extensions === null || cursor.left > 0 ? null : readExtensions(new Cursor(extensions));
}

function readExtensions(list: Cursor): ClientHello | null {
  const found = new Map<number, Buffer>();
  while (list.left > 0) {
    const type = list.number(2);
    const value = list.vector(2);
    // OpenSSL refuses a second one, too (RFC 8446, section 4.2).
    if (type === null || value === null || found.has(type)) return null;
    found.set(type, value);
  }
  const name = found.get(SERVER_NAME);
  const serverName = name === undefined ? null : serverNameOf(new Cursor(name));
  if (serverName === undefined) return null;
  return { serverName, ticketKeyName: ticketOf(found.get(PRE_SHARED_KEY), found.get(SESSION_TICKET)) };
}

/** @returns undefined when the list is broken, null when it holds no name that can be one */
function serverNameOf(extension: Cursor): string | null | undefined {
  const list = extension.vector(2);
  if (list === null || extension.left > 0) return undefined;
  const entries = new Cursor(list);
  const type = entries.number(1);
  const bytes = entries.vector(2);
  // OpenSSL takes exactly one entry, of the only type there is.
  if (type !== 0 || bytes === null || entries.left > 0) return undefined;
  return plainName(bytes.toString('latin1'));
}

/** A name in lower case, or null for what no certificate can be for: an address with colons, control characters. */
export function plainName(text: string): string | null {
  const name = text.toLowerCase();
  return name.length <= NAME_BYTES && NAME.test(name) ? name : null;
}

function ticketOf(preShared: Buffer | undefined, ticket: Buffer | undefined): Buffer | null {
  const identities = preShared === undefined ? null : new Cursor(preShared).vector(2);
  const first = identities === null ? null : new Cursor(identities).vector(2);
  const offered = first ?? ticket ?? null;
  return offered === null || offered.length < KEY_NAME_BYTES ? null : offered.subarray(0, KEY_NAME_BYTES);
}
