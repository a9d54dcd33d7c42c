import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { sha256Hex } from '../../src/core/hash.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { comparePair } from '../../src/diff/compare.ts';
import { classes, compare, pairOf } from './kit.ts';

test('contents beyond what is decoded are no difference for being compressed harder, and no agreement', () => {
  const content = Buffer.alloc(LIMITS.decodedBytes + 1, 'abc ');
  const other = Buffer.from(content);
  other[7] = 0;
  const packs = {
    gzip: (body: Buffer, level: number) => gzipSync(body, { level }),
    deflate: (body: Buffer, level: number) => deflateSync(body, { level }),
    br: (body: Buffer, level: number) =>
      brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: level } }),
  };
  for (const [coding, pack] of Object.entries(packs)) {
    const fields = ['content-encoding', coding];
    const packed = (body: Buffer, level: number) => ({ fields, body: pack(body, level) });
    expect(compare(packed(content, 2), packed(content, 9)), coding).toMatchObject({
      found: 0,
      undecided: true,
    });
    expect(compare(packed(content, 2), packed(content, 2)), coding).not.toHaveProperty('undecided');
    const differ = compare(packed(content, 2), packed(other, 2));
    if (coding === 'gzip') expect(classes(differ)).toEqual(['body_bytes body/encoded']);
    else expect(differ, coding).toMatchObject({ found: 0, undecided: true });
  }
  const packed = { fields: ['content-encoding', 'gzip'], body: gzipSync(content) };
  const [asIs, kept] = [pairOf({}, {}).legacy, { ...packed, bodyBytes: packed.body.length }];
  const plain = { ...asIs, body: new Uint8Array(), bodyBytes: content.length, bodyHash: sha256Hex(content) };
  const pair = { ...pairOf({}, packed), legacy: plain };
  const mixed = comparePair({ ...pair, candidate: { ...pair.candidate, ...kept } });
  expect(classes(mixed)).toEqual(['encoding content-encoding']);
});
