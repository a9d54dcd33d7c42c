import { expect, test } from 'vitest';
import { classes, compare, first } from './kit.ts';

const fields = (legacy: string[], candidate: string[]) => compare({ fields: legacy }, { fields: candidate });

test('names are compared without case and in any order', () => {
  expect(fields(['X-A', '1', 'X-B', '2'], ['x-b', '2', 'x-a', '1']).found).toBe(0);
});

test('a missing, an added and a changed field are three kinds', () => {
  const result = fields(
    ['x-gone', '1', 'x-same', '1', 'x-new-value', '1'],
    ['x-same', '1', 'x-new-value', '2', 'x-new', '1'],
  );
  expect(classes(result)).toEqual([
    'header_missing x-gone',
    'header_value x-new-value',
    'header_added x-new',
  ]);
  expect(first(result)).toMatchObject({ legacy: '1', candidate: null });
});

test('repeated fields and one joined by commas say the same', () => {
  expect(fields(['Link', '<a>', 'Link', '<b>'], ['link', '<a>,<b>']).found).toBe(0);
  expect(fields(['Link', '<a>', 'Link', '<b>'], ['link', '<a>']).found).toBe(1);
  expect(fields(['Vary', 'Accept, Origin'], ['vary', 'origin', 'vary', 'accept']).found).toBe(0);
});

test('connection fields, dates, server names, traces and our own fields are ignored altogether', () => {
  const noise = [
    'Connection',
    'close',
    'Keep-Alive',
    '5',
    'Transfer-Encoding',
    'chunked',
    'Date',
    'x',
    'Age',
    '1',
  ];
  noise.push('Server', 'nginx', 'Via', '1.1 x', 'traceparent', '00-1', 'X-Cutover-Lane', 'legacy');
  expect(fields(noise, []).found).toBe(0);
});

test('volatile fields are forgiven by value, and their presence is asserted', () => {
  for (const name of ['etag', 'last-modified', 'expires', 'x-request-id']) {
    expect(fields([name, 'a'], [name, 'b']).found, name).toBe(0);
    expect(classes(fields([name, 'a'], []))).toEqual([`header_missing ${name}`]);
    expect(classes(fields([], [name, 'a']))).toEqual([`header_added ${name}`]);
  }
});

test('a nonce in a content security policy is forgiven, the policy is not', () => {
  const policy = (nonce: string, rest: string) => [
    'content-security-policy',
    `script-src 'nonce-${nonce}' ${rest}`,
  ];
  expect(fields(policy('abc', 'self'), policy('def', 'self')).found).toBe(0);
  expect(fields(policy('abc', 'self'), policy('def', 'none')).found).toBe(1);
});

test('type and charset are compared apart from each other', () => {
  const type = (legacy: string, candidate: string) =>
    fields(['Content-Type', legacy], ['content-type', candidate]);
  expect(type('text/HTML;charset="UTF-8"', 'text/html; charset=utf8').found).toBe(0);
  expect(type('application/json', 'application/json; charset=utf-8').found).toBe(0);
  expect(classes(type('text/html', 'text/html; charset=utf-8'))).toEqual([
    'content_type content-type/charset',
  ]);
  expect(classes(type('text/html', 'text/plain; charset=utf-8'))).toEqual(['content_type content-type']);
  expect(type('multipart/mixed; boundary=a', 'multipart/mixed; boundary=b').found).toBe(0);
});

test('an absolute and a relative redirect are different, and their query is masked', () => {
  const result = fields(['location', '/login?token=abc'], ['location', 'http://h/login?token=abc']);
  expect(first(result)).toEqual({
    kind: 'redirect',
    path: 'location',
    legacy: '/login?token=‹masked:query›',
    candidate: 'http://h/login?token=‹masked:query›',
  });
});

test('identity is no coding', () => {
  expect(fields(['content-encoding', 'identity'], []).found).toBe(0);
});

const cookies = (legacy: string[], candidate: string[]) =>
  fields(
    legacy.flatMap((value) => ['Set-Cookie', value]),
    candidate.flatMap((value) => ['set-cookie', value]),
  );

test('cookies are compared by name, never joined, in any order', () => {
  const expires = 'theme=dark; Expires=Wed, 21 Oct 2065 07:28:00 GMT';
  expect(cookies([expires, 'lang=en'], ['lang=en', expires]).found).toBe(0);
  expect(classes(cookies(['lang=en', 'theme=dark'], ['lang=en']))).toEqual(['cookie set-cookie/theme']);
});

test('a drawn session value is forgiven, a lost session is not', () => {
  expect(cookies(['sid=abc; Path=/'], ['sid=xyz; Path=/']).found).toBe(0);
  expect(cookies(['PREF=a1b2c3d4e5f6a7b8c9'], ['PREF=ffb2c3d4e5f6a7b8c0']).found).toBe(0);
  expect(classes(cookies(['sid=abc'], []))).toEqual(['cookie set-cookie/sid']);
  expect(first(cookies(['sid=abc'], ['sid=']))).toMatchObject({ legacy: 'set', candidate: 'empty' });
  expect(first(cookies(['sid=abc'], ['sid=x; Max-Age=0']))).toMatchObject({ candidate: 'deleted' });
  const past = 'sid=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT';
  expect(first(cookies(['sid=abc'], [past]))).toMatchObject({ candidate: 'deleted' });
});

test('a plain cookie value is compared and never shown', () => {
  const result = cookies(['lang=en'], ['lang=de']);
  expect(first(result)).toEqual({
    kind: 'cookie',
    path: 'set-cookie/lang',
    legacy: '‹masked:cookie›',
    candidate: '‹masked:cookie›',
  });
});

test('a lost HttpOnly, Secure or SameSite is a difference of its own', () => {
  const result = cookies(
    ['sid=1; HttpOnly; Secure; SameSite=Lax; Domain=.h.test'],
    ['sid=2; SameSite=lax; Domain=h.test'],
  );
  expect(classes(result)).toEqual(['cookie set-cookie/sid/httponly', 'cookie set-cookie/sid/secure']);
});

test('an Expires of another moment is forgiven, a lost one is not', () => {
  expect(
    cookies(['a=1; Expires=Wed, 21 Oct 2065 07:28:00 GMT'], ['a=1; expires=Thu, 22 Oct 2065 07:28:00 GMT'])
      .found,
  ).toBe(0);
  expect(classes(cookies(['a=1; Expires=Wed, 21 Oct 2065 07:28:00 GMT'], ['a=1']))).toEqual([
    'cookie set-cookie/a/expires',
  ]);
});

test('credentials in fields are compared and never shown', () => {
  const result = fields(['x-api-key', 'k1', 'authorization', 'Basic abc'], ['x-api-key', 'k2']);
  expect(classes(result)).toEqual(['header_value x-api-key', 'header_missing authorization']);
  expect(JSON.stringify(result)).not.toMatch(/k1|k2|abc/);
});
