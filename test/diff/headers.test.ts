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

test('a comma in a quoted string parts nothing, and its spaces and its case count', () => {
  expect(fields(['x-a', 'k="a,b", c'], ['x-a', 'k="a, b", c']).found).toBe(1);
  expect(fields(['x-a', 'k="a\\",b"'], ['x-a', 'k="a\\", b"']).found).toBe(1);
  expect(fields(['x-a', 'k="a,b" ,c'], ['x-a', 'k="a,b",c']).found).toBe(0);
  const control = (value: string) => ['cache-control', value];
  expect(fields(control('private="a, b", max-age=1'), control('MAX-AGE=1,private="a, b"')).found).toBe(0);
  expect(fields(control('private="a, b"'), control('private="a, x", b"')).found).toBe(1);
  expect(fields(control('private="a, no-store"'), control('private="a", no-store')).found).toBe(1);
  expect(fields(control('x="A"'), control('X="a"')).found).toBe(1);
  const boundary = ['content-type', 'text/html; x="; charset=utf-8; "'];
  expect(fields(boundary, ['content-type', 'text/html; charset=utf-8']).found).toBe(1);
});

test('a field with one value is compared by how many it has, too', () => {
  const twice = (name: string, one: string, other = one) => [name, one, name, other];
  const single = [
    ['Content-Type', 'text/html', 'content_type content-type'],
    ['Location', '/a', 'redirect location'],
    ['ETag', '"a"', 'header_value etag'],
    ['Last-Modified', 'Wed, 21 Oct 2015 07:28:00 GMT', 'header_value last-modified'],
    ['Expires', '0', 'header_value expires'],
    ['Content-Length', '5', 'header_value content-length'],
    ['Access-Control-Allow-Origin', '*', 'header_value access-control-allow-origin'],
  ] as const;
  for (const [name, value, expected] of single) {
    expect(classes(fields([name, value], twice(name, value))), name).toEqual([expected]);
    expect(classes(fields(twice(name, value), [name, value])), name).toEqual([expected]);
    expect(fields(twice(name, value), ['x-a', '', ...twice(name, value)]).found, name).toBe(1);
  }
  expect(fields(twice('content-type', 'a/b', 'a/c'), twice('content-type', 'a/b', 'a/d')).found).toBe(1);
  expect(fields(twice('location', '/a', '/b'), twice('location', '/a', '/c')).found).toBe(1);
  expect(fields(['retry-after', 'a,b'], twice('retry-after', 'a', 'b')).found).toBe(1);
  expect(fields(['x-frame-options', 'a'], twice('x-frame-options', 'a', 'b'))).toMatchObject({
    differences: [{ legacy: 'a', candidate: 'a | b' }],
  });
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

test('a volatile field that says nothing is not one that is set', () => {
  for (const empty of ['', '""', 'W/""']) {
    expect(classes(fields(['etag', '"a"'], ['etag', empty]))).toEqual(['header_value etag']);
  }
  expect(first(fields(['etag', '"a"'], ['etag', '']))).toMatchObject({ legacy: 'set', candidate: 'empty' });
  expect(fields(['x-request-id', 'a'], ['x-request-id', '']).found).toBe(1);
  const dated = ['last-modified', 'Wed, 21 Oct 2015 07:28:00 GMT'];
  expect(fields(dated, ['last-modified', 'Thu, 22 Oct 2015 07:28:00 GMT']).found).toBe(0);
  expect(first(fields(dated, ['last-modified', '0']))).toMatchObject({ candidate: 'no date' });
});

const NOON = 'Wed, 21 Oct 2026 12:00:00 GMT';
const BEFORE = 'Wed, 21 Oct 2026 11:59:59 GMT';
const LATER = 'Wed, 21 Oct 2026 12:00:01 GMT';
const NEXT_YEAR = 'Thu, 21 Oct 2027 12:00:00 GMT';

test('an answer that is stale and one that may be kept are different, whichever moments they name', () => {
  const at = (date: string, expires: string) => ['Date', date, 'Expires', expires];
  expect(fields(at(NOON, LATER), at(NOON, NEXT_YEAR)).found).toBe(0);
  expect(fields(at(NOON, BEFORE), at(NOON, '0')).found).toBe(0);
  expect(fields(at(NOON, NOON), at(NOON, '-1')).found).toBe(0);
  for (const stale of [BEFORE, NOON, '0', '-1', '']) {
    expect(first(fields(at(NOON, LATER), at(NOON, stale)))).toEqual({
      kind: 'header_value',
      path: 'expires',
      legacy: 'future',
      candidate: 'past',
    });
  }
  // Each answer by its own clock, and by the other one's where it has none.
  expect(fields(at(NOON, LATER), at(LATER, LATER)).found).toBe(1);
  expect(fields(at(NOON, LATER), ['expires', BEFORE]).found).toBe(1);
  expect(fields(at(NOON, LATER), ['expires', NEXT_YEAR]).found).toBe(0);
});

test('without any Date two expiries are held against each other', () => {
  const expires = (legacy: string, candidate: string) => fields(['expires', legacy], ['expires', candidate]);
  expect(expires(NOON, LATER).found).toBe(0);
  expect(expires(NOON, NEXT_YEAR).found).toBe(1);
  expect(expires(NOON, 'Thu, 01 Jan 1970 00:00:00 GMT').found).toBe(1);
  expect(expires(NOON, '0').found).toBe(1);
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

const redirects = (legacy: string, candidate: string, origin: string | null = 'https://shop.example') =>
  compare(
    { status: 302, fields: ['Location', legacy] },
    { status: 302, fields: ['location', candidate] },
    { origin, target: '/cart/items?page=2' },
  );

test.each([
  ['/login', 'https://shop.example/login'],
  ['https://shop.example', 'https://SHOP.example:443/'],
  ['../login', '/login'],
  ['?page=3', '/cart/items?page=3'],
  ['/a/./b/../c', '/a/c'],
])('two writings of one place, %s and %s, are the same redirect', (legacy, candidate) => {
  expect(redirects(legacy, candidate).found).toBe(0);
  expect(redirects(candidate, legacy).found).toBe(0);
});

test.each([
  ['/login', 'http://shop.example/login', ['redirect location/scheme']],
  ['/login', 'https://10.0.0.7:7001/login', ['redirect location/host']],
  ['/login', '/signin', ['redirect location/path']],
  ['/login?next=a', '/login?next=b', ['redirect location/query']],
  ['/login', '/login#top', ['redirect location/fragment']],
  ['/login/', '/login', ['redirect location/path']],
  ['http://[', '/login', ['redirect location']],
])('a redirect from %s to %s differs in the part that is another one', (legacy, candidate, expected) => {
  expect(classes(redirects(legacy, candidate))).toEqual(expected);
});

test('a redirect to the own host is told from one to another, and queries are masked', () => {
  const result = redirects('/login?token=abc', 'https://idp.example/login?token=def');
  expect(result.differences).toEqual([
    {
      kind: 'redirect',
      path: 'location/host',
      legacy: 'shop.example (own)',
      candidate: 'idp.example',
    },
    {
      kind: 'redirect',
      path: 'location/query',
      legacy: '?token=‹masked:query›',
      candidate: '?token=‹masked:query›',
    },
  ]);
});

test('where the host of the request is not known, an absolute and a relative redirect are different', () => {
  const result = redirects('/login', 'http://h/login', null);
  expect(first(result)).toMatchObject({ path: 'location/host', legacy: 'host of the request (own)' });
  expect(redirects('/login', './../login', null).found).toBe(0);
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

test('a cookie that ends in the past is deleted, one that ends later is set', () => {
  const at = (cookie: string) => ['Date', NOON, 'Set-Cookie', cookie];
  expect(fields(at(`a=1; Expires=${LATER}`), at(`a=1; Expires=${NEXT_YEAR}`)).found).toBe(0);
  expect(first(fields(at(`a=1; Expires=${LATER}`), at(`a=1; Expires=${BEFORE}`)))).toMatchObject({
    path: 'set-cookie/a',
    legacy: 'set',
    candidate: 'deleted',
  });
  // Max-Age wins over Expires, and what is no number is no Max-Age.
  const kept = `a=1; Max-Age=5; Expires=${LATER}`;
  expect(fields(at(kept), at(`a=1; Max-Age=5; Expires=${BEFORE}`)).found).toBe(0);
  expect(classes(fields(at('a=1; Max-Age=5'), at('a=1; Max-Age=-5')))).toEqual([
    'cookie set-cookie/a',
    'cookie set-cookie/a/max-age',
  ]);
  expect(first(fields(at('a=1; Max-Age='), at('a=1; Max-Age=0')))).toMatchObject({ legacy: 'set' });
  const broken = fields(at(`a=1; Max-Age=x; Expires=${BEFORE}`), at(`a=1; Max-Age=x; Expires=${LATER}`));
  expect(first(broken)).toMatchObject({ legacy: 'deleted', candidate: 'set' });
});

test('a cookie for good and one for the session are different, and so are far expiries without a Date', () => {
  const path = ['cookie set-cookie/a/expires'];
  expect(classes(cookies([`a=1; Expires=${LATER}`], ['a=1; Expires=never']))).toEqual(path);
  expect(classes(cookies([`a=1; Expires=${LATER}`], [`a=1; Expires=${NEXT_YEAR}`]))).toEqual(path);
});

test('credentials in fields are compared and never shown', () => {
  const result = fields(['x-api-key', 'k1', 'authorization', 'Basic abc'], ['x-api-key', 'k2']);
  expect(classes(result)).toEqual(['header_value x-api-key', 'header_missing authorization']);
  expect(JSON.stringify(result)).not.toMatch(/k1|k2|abc/);
});

test('a challenge is shown, and what answers one is not', () => {
  const realms = first(
    fields(['WWW-Authenticate', 'Basic realm="a"'], ['WWW-Authenticate', 'Basic realm="b"']),
  );
  expect(realms).toMatchObject({ legacy: 'Basic realm="a"', candidate: 'Basic realm="b"' });
  const lost = first(fields(['WWW-Authenticate', 'Bearer scope="read"'], []));
  expect(lost.legacy).toBe('Bearer scope="read"');
  const echoed = first(fields(['X-Sent', 'Basic cmVhbG09ImEi'], ['X-Sent', 'Basic Og==']));
  expect(echoed.legacy).toBe('Basic ‹masked:credential›');
});
