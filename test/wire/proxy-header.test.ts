import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { crc32c } from '../../src/wire/crc32c.ts';
import { readProxyHeader } from '../../src/wire/proxy-header.ts';
import { addresses4, addresses6, binaryHeader, textHeader } from '../kit/proxy-header.ts';

const text = (line: string) => readProxyHeader(Buffer.from(line, 'latin1'));
const GET = Buffer.from('GET / HTTP/1.1\r\n\r\n');

/** The address that a header names, or what else it comes to. */
function named(header: Buffer): string | null {
  const read = readProxyHeader(header);
  return read.kind === 'complete' ? read.address : read.kind;
}

test('reads the lines that the specification shows', () => {
  const line = 'PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n';
  const request = 'GET / HTTP/1.1\r\nHost: 192.168.0.11\r\n\r\n';
  expect(text(line + request)).toEqual({ kind: 'complete', bytes: line.length, address: '192.168.0.1' });
  expect(text('PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n')).toMatchObject({ bytes: 56 });
  const six = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
  expect(text(`PROXY TCP6 ${six} ${six} 65535 65535\r\n`)).toMatchObject({ bytes: 104, address: six });
  expect(text('PROXY UNKNOWN\r\n')).toEqual({ kind: 'complete', bytes: 15, address: null });
  const longest = `PROXY UNKNOWN ${six} ${six} 65535 65535\r\n`;
  expect(longest.length).toBe(107);
  expect(text(longest)).toEqual({ kind: 'complete', bytes: 107, address: null });
});

test('knows one form of each address, and IPv4 in IPv6 dress as IPv4', () => {
  expect(named(textHeader('2001:DB8:0:0:0:0:0:1', 'TCP6', '::1'))).toBe('2001:db8::1');
  expect(named(textHeader('::ffff:203.0.113.7', 'TCP6', '::1'))).toBe('203.0.113.7');
  expect(named(textHeader('::ffff:cb00:7107', 'TCP6', '::1'))).toBe('203.0.113.7');
  const mapped = addresses6('00000000000000000000ffffcb007107');
  expect(named(binaryHeader({ family: 0x21, addresses: mapped }))).toBe('203.0.113.7');
  const six = addresses6('20010db8000000000000000000000001');
  expect(named(binaryHeader({ family: 0x21, addresses: six }))).toBe('2001:db8::1');
});

test('refuses every line that is not exactly the protocol', () => {
  const wrong = [
    'GET / HTTP/1.1\r\n',
    'PROXY\r\n',
    'proxy TCP4 1.2.3.4 1.2.3.4 1 1\r\n',
    'PROXY  TCP4 1.2.3.4 1.2.3.4 1 1\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 1 1 \r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 -1 1\r\n',
    'PROXY TCP4 1.2.3.04 1.2.3.4 1 1\r\n',
    'PROXY TCP4 ::1 ::1 1 1\r\n',
    'PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n',
    'PROXY TCP6 fe80::1%eth0 ::1 1 1\r\n',
    'PROXY UDP4 1.2.3.4 1.2.3.4 1 1\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 1 1\nX: y\r\n',
    'PROXY TCP4\t1.2.3.4 1.2.3.4 1 1\r\n',
    `PROXY UNKNOWN ${'x'.repeat(200)}\r\n`,
    `PROXY ${'x'.repeat(101)}`,
  ];
  for (const line of wrong) expect([line, text(line).kind]).toEqual([line, 'refused']);
});

test('reads the binary header for each family, and leaves what follows to the client', () => {
  const header = binaryHeader();
  const read = readProxyHeader(Buffer.concat([header, GET]));
  expect(read).toEqual({ kind: 'complete', bytes: 28, address: '203.0.113.7' });
  expect(named(binaryHeader({ family: 0x31, addresses: Buffer.alloc(216) }))).toBe(null);
});

test('takes the real peer for health checks, unknown families and datagrams', () => {
  expect(readProxyHeader(binaryHeader({ command: 0x20, family: 0, addresses: Buffer.alloc(0) }))).toEqual({
    kind: 'complete',
    bytes: 16,
    address: null,
  });
  expect(named(binaryHeader({ command: 0x20 }))).toBeNull();
  expect(named(binaryHeader({ family: 0, addresses: Buffer.alloc(7) }))).toBeNull();
  expect(named(binaryHeader({ family: 0x12 }))).toBeNull();
  expect(named(binaryHeader({ family: 0x10 }))).toBeNull();
});

test('refuses binary headers of another version, command, family or size', () => {
  const refused = [
    binaryHeader({ command: 0x11 }),
    binaryHeader({ command: 0x31 }),
    binaryHeader({ command: 0x22 }),
    binaryHeader({ family: 0x41 }),
    binaryHeader({ family: 0x13 }),
    binaryHeader({ family: 0x21 }),
    binaryHeader({ addresses: Buffer.alloc(11) }),
    binaryHeader({ extensions: [{ type: 4, value: Buffer.alloc(LIMITS.proxyHeaderBytes) }] }),
    Buffer.concat([
      binaryHeader({ addresses: Buffer.concat([addresses4('10.0.0.1'), Buffer.from([4, 0])]) }),
    ]),
    binaryHeader({ addresses: Buffer.concat([addresses4('10.0.0.1'), Buffer.from([4, 0, 9, 1])]) }),
  ];
  for (const header of refused)
    expect([header.toString('hex'), named(header)]).toEqual([header.toString('hex'), 'refused']);
});

test('skips extensions and verifies a checksum among them', () => {
  const extensions = [
    { type: 2, value: Buffer.from('shop.example') },
    { type: 4, value: Buffer.alloc(100) },
  ];
  expect(named(binaryHeader({ extensions }))).toBe('203.0.113.7');
  expect(named(binaryHeader({ extensions, checksum: 'right' }))).toBe('203.0.113.7');
  expect(named(binaryHeader({ extensions, checksum: 'wrong' }))).toBe('refused');
  expect(named(binaryHeader({ extensions: [{ type: 3, value: Buffer.alloc(3) }] }))).toBe('refused');
  // RFC 3720, appendix B.4: the value for 32 bytes of zeros.
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
});

test('wants more for every prefix of a header, and says the same of it however it is cut', () => {
  const headers = [
    textHeader(),
    textHeader('2001:db8::1', 'TCP6', '::1'),
    binaryHeader({ checksum: 'right' }),
    binaryHeader({ family: 0x21, addresses: addresses6('20010db8000000000000000000000001') }),
  ];
  for (const header of headers) {
    for (let length = 0; length < header.length; length += 1) {
      expect(readProxyHeader(header.subarray(0, length)).kind).toBe('more');
    }
    expect(readProxyHeader(header).kind).toBe('complete');
  }
});

test('never throws, and never wants more than its limit, for arbitrary bytes after a true start', () => {
  const starts = [
    Buffer.alloc(0),
    textHeader().subarray(0, 6),
    binaryHeader().subarray(0, 12),
    binaryHeader().subarray(0, 14),
  ];
  fc.assert(
    fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 5_000 }), (start, rest) => {
      const bytes = Buffer.concat([start, rest]);
      const read = readProxyHeader(bytes);
      if (read.kind === 'complete') expect(read.bytes).toBeLessThanOrEqual(bytes.length);
      if (read.kind === 'more') expect(bytes.length).toBeLessThan(LIMITS.proxyHeaderBytes);
    }),
  );
});

test('names every address that a header can carry, in both versions alike', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(named(textHeader(address))).toBe(address);
      expect(named(binaryHeader({ addresses: addresses4(address) }))).toBe(address);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const hex = Buffer.from(bytes).toString('hex');
      const written = (hex.match(/.{4}/g) ?? []).join(':');
      const binary = named(binaryHeader({ family: 0x21, addresses: addresses6(hex) }));
      expect(binary).toBe(named(textHeader(written, 'TCP6', '::1')));
      expect(binary).not.toBe('refused');
    }),
  );
});
