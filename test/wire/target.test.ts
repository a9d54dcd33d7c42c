import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalizeHost, normalizePath, parseTarget } from '../../src/wire/target.ts';

test.each([
  ['/', '/'],
  ['/a/b', '/a/b'],
  ['/a/', '/a/'],
  ['//a///b//', '/a/b/'],
  ['/a/./b', '/a/b'],
  ['/a/../b', '/b'],
  ['/a/..', '/'],
  ['/a/b/.', '/a/b/'],
  ['/a/%2e/b', '/a/b'],
  ['/a/%2E%2e/b', '/b'],
  ['/a//../b', '/b'],
  ['/%41%7e', '/A~'],
  ['/a%2fb', '/a%2Fb'],
  ['/a%5cb', '/a%5Cb'],
  ['/a%3Fb%c3%a9', '/a%3Fb%C3%A9'],
  ['/%252e%252e/', '/%252e%252e/'],
  ['/.well-known/x', '/.well-known/x'],
  ['/...', '/...'],
  ['/..a/b..', '/..a/b..'],
  ["/a;b=c/:@!$&'()*+,=", "/a;b=c/:@!$&'()*+,="],
])('normalises %s to %s', (raw, normal) => {
  expect(normalizePath(raw)).toBe(normal);
  expect(normalizePath(normal)).toBe(normal);
});

test.each([
  ['a way above the root', ['/..', '/../a', '/a/../../b', '/%2e%2e', '//..', '/./..']],
  ['a zero byte', ['/%00', '/a%00b']],
  ['a broken escape', ['/%', '/%4', '/%zz', '/a%%32e', '/%2', '/%-1']],
  ['a raw byte', ['/a b', '/a\tb', '/\u00e9', '/\u0000', '/a\\b', '/\u007f', '/a#b']],
  [
    'hidden dots',
    ['/a/..%2fb', '/a%2f..', '/..%5cb', '/a%5C%2e%2e%5Cb', '/.%2fa', '/a/..;/b', '/a/..;x=1/b', '/a%2F..;/b'],
  ],
])('refuses a path with %s', (_name, paths) => {
  for (const path of paths) expect([path, normalizePath(path)]).toEqual([path, '']);
});

test('gives one form that no longer changes and holds no dots, double slashes or raw bytes', () => {
  const piece = fc.constantFrom(
    '/',
    '.',
    '..',
    '%2e',
    '%2E',
    '%2f',
    '%2F',
    '%5c',
    '%00',
    '%',
    '%41',
    '%c3',
    'a',
    'Z',
    ';',
    '\\',
    '//',
    '~',
    ':',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const normal = normalizePath(`/${pieces.join('')}`);
      if (normal === '') return;
      expect(normalizePath(normal)).toBe(normal);
      expect(normal).not.toMatch(/\/\/|%2E|%00|%41|%[0-9A-F]?[a-f]|\\/);
      const decoded = normal.replaceAll('%2F', '/').replaceAll('%5C', '\\');
      expect(decoded.split(/[/\\]/).some((part) => part === '.' || part === '..')).toBe(false);
    }),
    { numRuns: 3_000 },
  );
});

test('resolves as the URL standard does where both accept', () => {
  const piece = fc.constantFrom('/', '.', '..', '%2e', 'a', 'b', '~');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      const raw = `/${pieces.join('')}`.replaceAll(/\/{2,}/g, '/');
      const normal = normalizePath(raw);
      // The URL standard keeps `%2e` inside a name; it is the same path (RFC 3986, section 6.2.2.2).
      if (normal !== '') expect(normal).toBe(new URL(`http://h${raw}`).pathname.replaceAll('%2e', '.'));
    }),
    { numRuns: 3_000 },
  );
});

test('reads raw UTF-8 in path and query as its escapes', () => {
  const raw = (text: string) => Buffer.from(text).toString('latin1');
  expect({ ...parseTarget('GET', raw('/caf\u00e9/./%2e\u{1f600}?q=\u00fc&r=%c3%a9')) }).toMatchObject({
    path: '/caf%C3%A9/.%F0%9F%98%80',
    target: '/caf%C3%A9/.%F0%9F%98%80?q=%C3%BC&r=%c3%a9',
    refusal: '',
  });
  expect(parseTarget('GET', '/caf%c3%a9').path).toBe(parseTarget('GET', raw('/caf\u00e9')).path);
  expect(parseTarget('GET', raw('http://a/\u00e9')).target).toBe('/%C3%A9');
});

test.each([
  ['a byte that stands alone', '/\u00e9'],
  ['half a character', '/\u00c3'],
  ['a character half escaped', '/\u00c3%a9'],
  ['a character cut by the query', '/\u00c3?\u00a9'],
  ['an overlong slash', '/\u00c0\u00af'],
  ['a surrogate', '/\u00ed\u00a0\u0080'],
  ['such bytes in the query', '/?\u00ff'],
])('refuses a target with %s', (_name, raw) => {
  expect(parseTarget('GET', raw).refusal).toBe('target is not UTF-8');
});

test('keeps the query as it is', () => {
  expect(parseTarget('GET', '/a/../b?c=/../%zz&d=%2e?').target).toBe('/b?c=/../%zz&d=%2e?');
  expect(parseTarget('GET', '/?').target).toBe('/?');
});

test.each([
  '*',
  'a',
  '',
  'a.b:443',
  'ftp://a/',
  'http://',
  'http:///a',
  'http://u@a/',
  '/a#b',
  '/a?b#c',
  '/a?b c',
  'http://a b/',
  '?a',
])('refuses the target %s', (raw) => {
  expect(parseTarget('GET', raw).refusal).not.toBe('');
});

test('reads the absolute and the asterisk form', () => {
  expect({ ...parseTarget('GET', 'HTTP://Ex.ample:80/a/../b?q') }).toMatchObject({
    target: '/b?q',
    path: '/b',
    authority: 'ex.ample',
    refusal: '',
  });
  expect(parseTarget('GET', 'http://a').target).toBe('/');
  expect(parseTarget('GET', 'http://a?q').target).toBe('/?q');
  expect(parseTarget('GET', 'https://a:443/').authority).toBe('a');
  expect(parseTarget('OPTIONS', '*').target).toBe('*');
  expect(parseTarget('OPTIONS', 'http://a').target).toBe('*');
});

test('reads hosts and refuses what is none', () => {
  expect(['A.b', 'a:8080', '[::1]', '[::1]:80', 'a_b-c', 'a.'].map(normalizeHost)).toEqual([
    'a.b',
    'a:8080',
    '[::1]',
    '[::1]:80',
    'a_b-c',
    'a.',
  ]);
  for (const bad of [
    '',
    ' ',
    'a b',
    'a/b',
    'a@b',
    'a,b',
    'a:',
    'a:x',
    'a:65536',
    '[::g]',
    '[1]',
    'a..b',
    '.a',
    ':80',
    'a:1:2',
    '[::1]x',
    '\u00e9',
  ]) {
    expect([bad, normalizeHost(bad)]).toEqual([bad, '']);
  }
});
