import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainName, readClientHello } from '../../src/wire/client-hello.ts';

const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const vector = (size: 1 | 2, content: Buffer) =>
  Buffer.concat([size === 1 ? Buffer.from([content.length]) : u16(content.length), content]);
const extension = (type: number, content: Buffer) => Buffer.concat([u16(type), vector(2, content)]);
const serverName = (name: Buffer) =>
  extension(0, vector(2, Buffer.concat([Buffer.from([0]), vector(2, name)])));
const ticket = (bytes: Buffer) => extension(35, bytes);
const preShared = (bytes: Buffer) =>
  extension(
    41,
    Buffer.concat([
      vector(2, Buffer.concat([vector(2, bytes), Buffer.alloc(4)])),
      vector(2, Buffer.alloc(33)),
    ]),
  );

/** A message with these extensions, in records of this many bytes. */
function hello(extensions: readonly Buffer[], recordBytes = 16_384): Buffer {
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(32)),
    vector(2, Buffer.from([19, 1])),
    vector(1, Buffer.from([0])),
    vector(2, Buffer.concat(extensions)),
  ]);
  const message = Buffer.concat([Buffer.from([1, 0]), u16(body.length), body]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += recordBytes) {
    const part = message.subarray(at, at + recordBytes);
    records.push(Buffer.from([22, 3, 1]), vector(2, part));
  }
  return Buffer.concat(records);
}

const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
const name = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.'));

test('reads the name and the key of the ticket, however the message is cut into records', () => {
  fc.assert(
    fc.property(
      name,
      fc.uint8Array({ minLength: 16, maxLength: 300 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 400 }),
      (asked, sealed, isNew, recordBytes) => {
        const offer = (isNew ? preShared : ticket)(Buffer.from(sealed));
        const bytes = hello([serverName(Buffer.from(asked)), offer], recordBytes);
        expect(readClientHello(bytes, 16_384)).toEqual({
          kind: 'hello',
          hello: { serverName: asked, ticketKeyName: Buffer.from(sealed.subarray(0, 16)) },
        });
        const cut = Math.floor(bytes.length / 2);
        expect(readClientHello(bytes.subarray(0, cut), 16_384)).toEqual({ kind: 'more' });
      },
    ),
  );
});

test('never throws and never waits for more than the limit, whatever comes', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc
      .uint8Array({ maxLength: 200 })
      .map((rest) => Uint8Array.from([22, 3, 1, 0, 150, 1, 0, 0, 146, 3, 3, ...rest])),
    fc.tuple(name, fc.nat(), fc.nat({ max: 255 })).map(([asked, at, byte]) => {
      const bytes = hello([serverName(Buffer.from(asked))]);
      bytes[at % bytes.length] = byte;
      return bytes;
    }),
  );
  fc.assert(
    fc.property(noise, (bytes) => {
      const read = readClientHello(Buffer.from(bytes), 16_384);
      if (read.kind === 'hello' && read.hello.serverName !== null)
        expect(plainName(read.hello.serverName)).toBe(read.hello.serverName);
    }),
    { numRuns: 2_000 },
  );
  const endless = hello([extension(21, Buffer.alloc(20_000))]);
  expect(readClientHello(endless.subarray(0, 200), 16_384)).toEqual({ kind: 'other' });
});

test('a name twice, two names, a name of another type and a name that is none are no name', () => {
  const own = serverName(Buffer.from('a.example'));
  const both = Buffer.concat([
    Buffer.from([0]),
    vector(2, Buffer.from('a')),
    Buffer.from([0]),
    vector(2, Buffer.from('b')),
  ]);
  const strange = Buffer.concat([Buffer.from([1]), vector(2, Buffer.from('a'))]);
  expect(readClientHello(hello([own, own]), 16_384)).toEqual({ kind: 'other' });
  expect(readClientHello(hello([extension(0, vector(2, both))]), 16_384)).toEqual({ kind: 'other' });
  expect(readClientHello(hello([extension(0, vector(2, strange))]), 16_384)).toEqual({ kind: 'other' });
  expect(readClientHello(hello([serverName(Buffer.from('a..b'))]), 16_384)).toMatchObject({
    hello: { serverName: null },
  });
  expect(readClientHello(hello([]), 16_384)).toMatchObject({
    hello: { serverName: null, ticketKeyName: null },
  });
});
