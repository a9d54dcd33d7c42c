import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { ChunkedDecoder } from '../../src/wire/chunked.ts';

interface Decoded {
  body: string;
  /** Index after the body, or -1 when it did not end. */
  end: number;
  failed: boolean;
}

/** Decodes `text` cut into pieces of the given sizes (the last size repeats). */
function decode(text: string, sizes: readonly number[] = [text.length]): Decoded {
  const decoder = new ChunkedDecoder();
  const bytes = Buffer.from(text, 'latin1');
  let body = '';
  let offset = 0;
  for (let piece = 0; offset < bytes.length; piece += 1) {
    const size = sizes[Math.min(piece, sizes.length - 1)] ?? 1;
    const part = bytes.subarray(offset, offset + size);
    let at = 0;
    while (at < part.length && !decoder.done && !decoder.failed) {
      at = decoder.read(part, at, part.length);
      body += part.toString('latin1', decoder.spanStart, decoder.spanEnd);
    }
    if (decoder.done) return { body, end: offset + at, failed: false };
    if (decoder.failed) return { body, end: -1, failed: true };
    offset += part.length;
  }
  return { body, end: -1, failed: false };
}

const chunks = fc.array(fc.string({ minLength: 1, maxLength: 40, unit: 'binary-ascii' }), { maxLength: 8 });
const trailers = fc.array(fc.constantFrom('A: b', 'X-Sum:1', 'Y:'), { maxLength: 3 });
const cuts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 20 });

function encode(parts: readonly string[], fields: readonly string[], upper: boolean): string {
  const sizes = (part: string) =>
    upper ? part.length.toString(16).toUpperCase() : `0${part.length.toString(16)}`;
  const data = parts.map((part) => `${sizes(part)}\r\n${part}\r\n`).join('');
  return `${data}0\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
}

test('finds the body and its end whatever way the bytes are cut', () => {
  fc.assert(
    fc.property(chunks, trailers, cuts, fc.boolean(), (parts, fields, sizes, upper) => {
      const text = encode(parts, fields, upper);
      expect(decode(`${text}NEXT`, sizes)).toEqual({ body: parts.join(''), end: text.length, failed: false });
    }),
    { numRuns: 1_000 },
  );
});

test('says the same about any bytes however they are cut', () => {
  const noise = fc.array(
    fc.constantFrom('0', '1', 'a', 'F', '\r\n', '\r', '\n', ';', ' ', 'x', ':', '\t', '0\r\n', '1\r\nx\r\n'),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(noise, cuts, (parts, sizes) => {
      expect(decode(parts.join(''), sizes)).toEqual(decode(parts.join('')));
    }),
    { numRuns: 3_000 },
  );
});

test.each([
  ['no digits', '\r\n'],
  ['a sign', '+1\r\n'],
  ['a prefix', '0x1\r\n'],
  ['an extension', '1;a=b\r\nx\r\n0\r\n\r\n'],
  ['a space', '1 \r\nx\r\n0\r\n\r\n'],
  ['a bare LF', '1\nx\r\n0\r\n\r\n'],
  ['a bare CR', '1\rx'],
  ['data longer than its size', '1\r\nxx\r\n0\r\n\r\n'],
  ['data ended by LF', '1\r\nx\n0\r\n\r\n'],
  ['a size over 52 bits', '10000000000000\r\n'],
  ['a size line without end', `${'0'.repeat(LIMITS.chunkLineBytes + 1)}1`],
  ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n'],
  ['a trailer without a name', '0\r\n: b\r\n\r\n'],
  ['a trailer with a space in its name', '0\r\nA : b\r\n\r\n'],
  ['a trailer with a control byte', '0\r\nA: \u0001\r\n\r\n'],
  ['a trailer ended by LF', '0\r\nA: b\n\r\n'],
  ['a trailer section over its limit', `0\r\n${'A: b\r\n'.repeat(LIMITS.trailerBytes / 6 + 1)}\r\n`],
])('refuses %s', (_name, text) => {
  expect(decode(text).failed).toBe(true);
  expect(decode(text, [1]).failed).toBe(true);
});

test('reads the largest exact size', () => {
  expect(decode('FFFFFFFFFFFFF\r\nabc')).toEqual({ body: 'abc', end: -1, failed: false });
});
