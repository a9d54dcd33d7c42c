import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { LIMITS } from '../core/limits.ts';
import { crc32c } from './crc32c.ts';

/**
 * The PROXY protocol, versions 1 and 2 (proxy-protocol.txt of HAProxy, revision of 2020/03/05): who the client is, said
 * by a proxy before the first byte of the connection it passes on.
 */

/** A complete header, the need of more bytes, or why it is none. */
export type ProxyHeader =
  | { readonly kind: 'more' }
  | { readonly kind: 'refused'; readonly why: string }
  | {
      readonly kind: 'complete';
      /** Bytes of the header: what follows belongs to the client. */
      readonly bytes: number;
      /** Address of the client; null when the proxy speaks for itself or does not know: the peer's own counts. */
      readonly address: string | null;
    };

/** Section 2.1: the longest line, with its CRLF. */
const V1_BYTES = 107;
const V1_START = Buffer.from('PROXY ', 'latin1');
const V2_START = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Signature, version and command, family, length. */
const V2_FIXED_BYTES = 16;
const CRLF = Buffer.from('\r\n', 'latin1');

const MORE: ProxyHeader = { kind: 'more' };

/** Reads a header from the first bytes of a connection. Call it again with all of them when it wants more. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (bytes.length === 0) return MORE;
  if (begins(bytes, V1_START)) return bytes.length < V1_START.length ? MORE : readText(bytes);
  if (begins(bytes, V2_START)) return bytes.length < V2_FIXED_BYTES ? MORE : readBinary(bytes);
  return refused('no PROXY header');
}

/** Whether the bytes there are agree with a start. */
function begins(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

function refused(why: string): ProxyHeader {
  return { kind: 'refused', why };
}

function complete(bytes: number, address: string | null): ProxyHeader {
  return { kind: 'complete', bytes, address };
}

const PORT = /^(?:0|[1-9]\d{0,4})$/;

/** Version 1 (section 2.1): `PROXY TCP4 203.0.113.7 192.0.2.1 4711 443`, or `PROXY UNKNOWN` and anything. */
function readText(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, V1_BYTES).indexOf(CRLF);
  if (end === -1) return bytes.length < V1_BYTES ? MORE : refused('a PROXY line without an end');
  const words = bytes.toString('latin1', V1_START.length, end).split(' ');
  const size = end + CRLF.length;
  if (words[0] === 'UNKNOWN') return complete(size, null);
  const [family, source = '', destination = '', ...ports] = words;
  const isPorts = ports.length === 2 && ports.every((port) => PORT.test(port) && Number(port) <= 65_535);
  if (!isPorts) return refused('a PROXY line without its ports');
  if (family === 'TCP4' && isIPv4(source) && isIPv4(destination)) return complete(size, source);
  if (family === 'TCP6' && isPlainIPv6(source) && isPlainIPv6(destination)) {
    return complete(size, canonical(source));
  }
  return refused('a PROXY line without its addresses');
}

function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

/** An IPv6 address in its shortest form; IPv4 in IPv6 dress is undressed. */
function canonical(address: string): string {
  const text = new SocketAddress({ address, family: 'ipv6' }).address;
  return text.startsWith('::ffff:') && text.includes('.') ? text.slice('::ffff:'.length) : text;
}

/** Bytes of both addresses and ports, by family (high half of byte 14): IPv4, IPv6, unix. */
const ADDRESS_BYTES: readonly number[] = [0, 12, 36, 216];
const STREAM = 1;
const UNIX = 3;
const DATAGRAM = 2;

/** Version 2 (section 2.2). */
function readBinary(bytes: Buffer): ProxyHeader {
  const [version, command] = halves(bytes.readUInt8(12));
  const [family, transport] = halves(bytes.readUInt8(13));
  const size = V2_FIXED_BYTES + bytes.readUInt16BE(14);
  if (version !== 2 || command > 1) return refused('a PROXY header of an unknown version or command');
  if (family >= ADDRESS_BYTES.length || transport > DATAGRAM) return refused('an unknown address family');
  if (size > LIMITS.proxyHeaderBytes) return refused('a PROXY header over the limit');
  if (bytes.length < size) return MORE;
  // LOCAL is the proxy's own connection, a health check say; UNSPEC, datagrams and a socket of the proxy's machine name
  // nobody who could be believed.
  if (command === 0 || family === 0 || family === UNIX || transport !== STREAM) return complete(size, null);
  const header = bytes.subarray(0, size);
  const extras = V2_FIXED_BYTES + (ADDRESS_BYTES[family] ?? 0);
  if (extras > size) return refused('a PROXY header without its addresses');
  const fault = extensionFault(header, extras);
  return fault === null ? complete(size, sourceOf(header, family)) : refused(fault);
}

function halves(byte: number): [high: number, low: number] {
  return [byte >> 4, byte & 15];
}

function sourceOf(header: Buffer, family: number): string {
  if (family === 1) return header.subarray(16, 20).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => header.readUInt16BE(16 + index * 2).toString(16));
  return canonical(groups.join(':'));
}

/** Type of the checksum over the whole header, itself counted as zero (section 2.2.3). */
const CRC32C_TYPE = 3;

/** Extensions (type, length, value) are skipped; they must fit, and a checksum among them must be right. */
function extensionFault(header: Buffer, from: number): string | null {
  let at = from;
  while (at < header.length) {
    if (at + 3 > header.length) return 'a PROXY extension that is cut off';
    const [type, length] = [header.readUInt8(at), header.readUInt16BE(at + 1)];
    const value = at + 3;
    at = value + length;
    if (at > header.length) return 'a PROXY extension that is cut off';
    if (type !== CRC32C_TYPE) continue;
    if (length !== 4 || !isChecksum(header, value)) return 'a PROXY header with a wrong checksum';
  }
  return null;
}

function isChecksum(header: Buffer, at: number): boolean {
  const zeroed = Buffer.from(header);
  zeroed.fill(0, at, at + 4);
  return crc32c(zeroed) === header.readUInt32BE(at);
}
