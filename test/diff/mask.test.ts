import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { classId } from '../../src/diff/fingerprint.ts';
import { mask, maskAround, maskPair, maskTarget } from '../../src/diff/mask.ts';
import { compare, first, json } from './kit.ts';

/** Made up, or published as examples by those who issue such things. */
const SECRETS = [
  'ann.smith+shop@example.co.uk',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  '4111 1111 1111 1111',
  '5500-0000-0000-0004',
  'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  'AKIAIOSFODNN7EXAMPLE',
  '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  '550e8400-e29b-41d4-a716-446655440000',
];

const filler = fc.stringMatching(/^[a-z ]{0,400}$/);

test('no secret leaves, whatever stands around it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...SECRETS), filler, filler, fc.nat(1_000), (secret, before, after, at) => {
      const text = `${before} ${secret} ${after}`;
      const shown = maskAround(text, at % text.length);
      for (let index = 0; index + 12 <= secret.length; index += 1) {
        expect(shown).not.toContain(secret.slice(index, index + 12));
      }
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  ['password=hunter2&a=1', 'hunter2'],
  ['{"api_key": "short"}', 'short'],
  ['Authorization: Bearer abcdef', 'abcdef'],
  ["secret: 'two words'", 'words'],
  ['<input type=hidden name="csrf_token" value="abc123">', 'abc123'],
  ['<input value="abc123" name="csrf_token">', 'abc123'],
  ['<meta name="csrf-token" content="abc123">', 'abc123'],
  ['<Password>hunter2</Password>', 'hunter2'],
  ['/reset/ann%40example.com', 'ann'],
  ['see http://h.test/reset?token=hunter2', 'hunter2'],
  ['next: password=hunter2', 'hunter2'],
  ['{"pw":"abc"}', 'abc'],
  ['user_pw: abc', 'abc'],
  ['your password hunter2 is wrong', 'hunter2'],
  ['The password is hunter2.', 'hunter2'],
  ['the password of your shop was: hunter2', 'hunter2'],
  ["passwort 'two words'", 'words'],
  ['your PIN is 4711', '4711'],
  ['{"tel":"0301234"}', '0301234'],
  ['homeTel=0301234', '0301234'],
  ['{"mobile": 1701234}', '1701234'],
  ['call +49 30 901820 now', '901820'],
  ['call +1 (212) 555-0100', '0100'],
  ['/call/%2B4930901820', '901820'],
])('in %j the name gives the secret away', (text, secret) => {
  expect(mask(text)).not.toContain(secret);
});

test('plain values stay readable', () => {
  for (const text of [
    '12.50',
    'hello world',
    '2026-11-23',
    '/api/v1/users/list',
    'line 3: <td>12</td>',
    '4111111111111112',
    'password must be longer',
    'Your password is required',
    '0.4485275642999999',
    '{"x":0.79927398716,"y":-12.378282246310005}',
    '4.440892098500626e-16',
    '1.7976931348623157e308',
    'Basic realm="a"',
    'Bearer realm="api", error="invalid_token"',
    '2026-11-24T21:00:05+01:00',
    'ListOfUserAccountSettingsConfiguration',
    'a hotel in mobile-home-park',
  ]) {
    expect(mask(text)).toBe(text);
  }
});

test('no fraction is taken for the number of a card, and a card behind a point is none', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1, max: 1 }), (value) => {
      expect(mask(`{"x":${value}}`)).toBe(`{"x":${value}}`);
    }),
    { numRuns: 5_000 },
  );
  expect(mask('No.4111111111111111')).toBe('No.‹masked:card›');
});

test.each([
  'deadbeefdeadbeef',
  '0123456789abcdef',
  '0x0123456789ABCDEF',
  'qWzXcVbNmAsDfGhJkLqWeRtYuIoPzX',
  'qWzXcVbNm-AsDfGhJkL_qWeRtYuIoPzX',
])('the opaque word %s is hidden', (word) => {
  expect(mask(`see ${word}, please`)).toBe('see ‹masked:secret›, please');
});

test('a private key is hidden whole, however short its lines are and wherever it differs', () => {
  const lines = Array.from({ length: 400 }, (_, index) => `Ab${'xy'.repeat(index % 5)}/=`);
  const key = `-----BEGIN RSA PRIVATE KEY-----\n${lines.join('\n')}\n-----END RSA PRIVATE KEY-----`;
  const text = `first\n${key}\nlast`;
  for (let at = 0; at < text.length; at += 17) expect(maskAround(text, at)).not.toMatch(/xy|Ab/);
  expect(mask(text.slice(0, 300))).toBe('first\\u{a}‹masked:key›');
  const fields = ['content-type', 'text/plain'];
  for (const number of [1, 200, 399]) {
    const other = text.replace(key, key.split('\n').with(number, 'Abxyz').join('\n'));
    const result = compare({ fields, body: text }, { fields, body: other });
    expect(first(result).legacy, `${number}`).toBe(`line ${number + 2}: ‹masked:key›`);
  }
  const certificate = 'a\n-----BEGIN CERTIFICATE-----\nab\n-----END CERTIFICATE-----';
  expect(maskAround(certificate, 35)).toContain('ab');
});

test('a value under a secret name is hidden wherever it stands in a document', () => {
  const result = json(
    '{"credentials":{"user":"ann"},"token":1}',
    '{"credentials":{"user":"bob"},"token":"x"}',
  );
  expect(result.differences).toHaveLength(2);
  expect(JSON.stringify(result)).not.toMatch(/ann|bob|"x"/);
});

test('differences are found before masking: two secrets differ although both are hidden', () => {
  const result = json('{"mail":"a@example.com"}', '{"mail":"b@example.com"}');
  expect(first(result)).toMatchObject({ legacy: '"‹masked:email›"', candidate: '"‹masked:email›"' });
});

test('an example is short and shows the place that differs', () => {
  const [legacy, candidate] = maskPair(`${'word '.repeat(500)}one`, `${'word '.repeat(500)}two`);
  expect(legacy.endsWith('one')).toBe(true);
  expect(candidate.endsWith('two')).toBe(true);
  fc.assert(
    fc.property(fc.string({ maxLength: 3_000, unit: 'binary' }), fc.nat(3_000), (text, at) => {
      const shown = maskAround(text, Math.min(at, text.length));
      expect(shown.length).toBeLessThanOrEqual(LIMITS.exampleChars);
      expect(shown.isWellFormed()).toBe(true);
    }),
  );
});

test('an example cannot drive a terminal', () => {
  const html = ['content-type', 'text/plain'];
  const result = compare({ fields: html, body: 'a' }, { fields: html, body: '\u001b[2J\u202eb\u009b1m' });
  expect(first(result).candidate).toBe('line 1: \\u{1b}[2J\\u{202e}b\\u{9b}1m');
});

test('hostile text is masked in bounded time', () => {
  for (const unit of ['a', '1', 'a@', '"', '<', 'a=', '1 ', 'eyJ', '<a ', 'name=', 'token=', '/a1A']) {
    const text = unit.repeat(1_000_000 / unit.length);
    const started = performance.now();
    maskAround(text, 500_000);
    expect(performance.now() - started, unit).toBeLessThan(200);
  }
});

test('a target keeps its path and the names of its query', () => {
  expect(maskTarget('/users/7?q=ann&page=2&flag&empty=')).toBe(
    '/users/7?q=‹masked:query›&page=‹masked:query›&flag&empty=',
  );
  expect(maskTarget('/plain')).toBe('/plain');
  expect(maskTarget('/u/ann@example.com/x')).toBe('/u/‹masked:email›/x');
  expect(maskTarget(`/a?${'k=v&'.repeat(5_000)}`).length).toBeLessThanOrEqual(LIMITS.exampleChars);
});

test('a class is named by endpoint, kind and path', () => {
  const id = classId('GET /a', 'json_value', '/x');
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect(classId('GET /a', 'json_value', '/x')).toBe(id);
  expect(classId('GET /a', 'json_missing', '/x')).not.toBe(id);
  expect(classId('GET /b', 'json_value', '/x')).not.toBe(id);
});

test('a secret at the edge of what is looked at is not shown in part, and no marker is cut', () => {
  for (let offset = 0; offset < 60; offset += 1) {
    const text = `${'.'.repeat(offset)} ${'ann.smith@example.com '.repeat(100)}`;
    for (const at of [0, 500 + offset]) {
      const shown = maskAround(text, at);
      expect(shown).not.toMatch(/ann|smi|examp/);
      expect(shown.replaceAll('‹masked:email›', '')).not.toMatch(/[‹›m]/);
    }
  }
});
