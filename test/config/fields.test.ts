import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { formatDuration, formatShare } from '../../src/core/units.ts';
import { duration, margin, rate, share, size } from '../../src/config/fields.ts';
import { isCidr, parseAddress } from '../../src/config/fields-net.ts';
import { parseServer } from '../../src/config/server-text.ts';

test('reads every duration as it was written out', () => {
  fc.assert(
    fc.property(fc.nat({ max: 10 ** 12 - 1 }), (ms) => {
      expect(duration('x').parse(formatDuration(ms))).toBe(ms);
    }),
  );
});

test('reads every share as it was written out', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1_000_000 }), (millionths) => {
      const fraction = millionths / 1_000_000;
      expect(share('x').parse(formatShare(fraction))).toBeCloseTo(fraction, 12);
    }),
  );
});

test('reads sizes, margins and rates by their unit', () => {
  fc.assert(
    fc.property(fc.nat({ max: 10 ** 6 }), (number) => {
      expect(size('x').parse(`${number}KiB`)).toBe(number * 1024);
      expect(rate('x').parse(`${number}/s`)).toBe(number);
      const points = 1 + (number % 100);
      expect(margin('x').parse(`${points}pp`)).toBeCloseTo(points / 100, 12);
    }),
  );
});

test('never throws and never takes a text that the published pattern refuses', () => {
  const fields = {
    duration: duration('x'),
    size: size('x'),
    share: share('x'),
    margin: margin('x'),
    rate: rate('x'),
  };
  const texts = fc.oneof(
    fc.string(),
    fc.stringMatching(/^\d{1,14}(\.\d{0,8})?(ms|s|m|h|d|B|KiB|%|pp|\/s)?$/),
  );
  fc.assert(
    fc.property(texts, (text) => {
      for (const field of Object.values(fields)) {
        const schema = z.toJSONSchema(field, { io: 'input' }) as { pattern: string };
        if (field.safeParse(text).success) expect(text).toMatch(new RegExp(schema.pattern));
      }
    }),
  );
});

test('takes addresses with a port and nothing else', () => {
  expect(parseAddress('127.0.0.1:8080')).toEqual({ host: '127.0.0.1', port: 8080 });
  expect(parseAddress('[::1]:0')).toEqual({ host: '::1', port: 0 });
  expect(parseAddress('LOCALHOST:80')).toEqual({ host: 'localhost', port: 80 });
  for (const wrong of ['8080', ':8080', '::1:80', '[1.2.3.4]:80', '256.0.0.1:80', 'a:65536', 'a b:1', 'a:']) {
    expect(parseAddress(wrong), wrong).toBeNull();
  }
});

test('takes servers as scheme, host and port and nothing else', () => {
  expect(parseServer('http://Shop.example:81')).toEqual({
    server: { scheme: 'http', host: 'shop.example', port: 81 },
  });
  expect(parseServer('http://[::1]/')).toEqual({ server: { scheme: 'http', host: '::1', port: 80 } });
  const wrong = [
    '',
    'a:1',
    'unix:app.sock',
    'unix:/run/',
    'http+srv://shop.internal',
    'http+srv://_http._tcp.shop.internal:80',
    'http+srv://_http._tcp.shop.internal/path',
    'ftp+srv://_http._tcp.shop.internal',
    'ftp://a',
    'http://',
    'http://a/b',
    'http://a?b',
    'http://a#b',
    'http://a:0',
    'http://u@a',
  ];
  for (const text of wrong) expect(parseServer(text), text).toHaveProperty('message');
});

test('takes blocks of addresses by their family', () => {
  for (const right of ['10.0.0.0/8', '10.0.0.1', '::1', '::/0', 'fe80::/64'])
    expect(isCidr(right), right).toBe(true);
  for (const wrong of [
    '10.0.0.0/33',
    '::/129',
    '10.0.0/8',
    '10.0.0.0/08',
    '10.0.0.0/',
    'a',
    '',
    'fe80::1%eth0',
  ]) {
    expect(isCidr(wrong), wrong).toBe(false);
  }
});

test('refuses a margin that nothing could prove, and one that everything would', () => {
  for (const text of ['0pp', '0.0001pp', '101pp'])
    expect(margin('x').safeParse(text).success, text).toBe(false);
});
