import { crc32c } from '../../src/wire/crc32c.ts';

/** Builds PROXY headers as HAProxy's proxy-protocol.txt describes them: the tests' own proxy. */

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** What a header of version 2 says. */
export interface BinaryHeader {
  /** 0x20 LOCAL, 0x21 PROXY. */
  readonly command?: number;
  /** 0x11 TCP over IPv4, 0x21 TCP over IPv6, 0x31 unix stream, 0x00 unspecified. */
  readonly family?: number;
  /** Addresses and ports. */
  readonly addresses?: Buffer;
  readonly extensions?: readonly { readonly type: number; readonly value: Buffer }[];
  /** Appends a checksum, right or wrong. */
  readonly checksum?: 'right' | 'wrong';
}

/** Both addresses and ports of a connection over IPv4. */
export function addresses4(source: string, sourcePort = 4711): Buffer {
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(sourcePort, 0);
  ports.writeUInt16BE(443, 2);
  return Buffer.concat([octets(source), octets('192.0.2.1'), ports]);
}

function octets(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

/** Both addresses, each 16 bytes in hexadecimal, and ports of a connection over IPv6. */
export function addresses6(sourceHex: string): Buffer {
  return Buffer.concat([
    Buffer.from(sourceHex, 'hex'),
    Buffer.alloc(16, 1),
    Buffer.from([0x12, 0x67, 1, 0xbb]),
  ]);
}

/** A header of version 2. */
export function binaryHeader(header: BinaryHeader = {}): Buffer {
  const { command = 0x21, family = 0x11, addresses = addresses4('203.0.113.7'), extensions = [] } = header;
  const parts = extensions.map(({ type, value }) => extension(type, value));
  if (header.checksum !== undefined) parts.push(extension(3, Buffer.alloc(4)));
  const body = Buffer.concat([addresses, ...parts]);
  const fixed = Buffer.from([command, family, body.length >> 8, body.length & 255]);
  const bytes = Buffer.concat([SIGNATURE, fixed, body]);
  if (header.checksum === undefined) return bytes;
  const sum = crc32c(bytes);
  bytes.writeUInt32BE(header.checksum === 'right' ? sum : (sum ^ 1) >>> 0, bytes.length - 4);
  return bytes;
}

function extension(type: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 255]), value]);
}

/** A header of version 1. */
export function textHeader(source = '203.0.113.7', family = 'TCP4', destination = '192.0.2.1'): Buffer {
  return Buffer.from(`PROXY ${family} ${source} ${destination} 4711 443\r\n`, 'latin1');
}
