/**
 * Attack: `Connection` as an eraser. It names fields of this hop, and a proxy removes what it names: also its own
 * X-Forwarded-For, the session's Cookie, or the Authorization that the next server relies on.
 * Known from: "Abusing HTTP hop-by-hop request headers" (Davison, 2019), CVE-2022-1388 (F5), CVE-2021-33197 (Go).
 * Why it works: the list is taken at its word (RFC 9110, section 7.6.1), by the first proxy or by one further on.
 * Cutover: what carries identity, framing or the gateway's own word is never removed that way, and `Connection` itself
 * is never passed on.
 */
import { expect, test } from 'vitest';
import { answerOf, fieldOf, fieldsOf } from './lenient-upstream.ts';
import { get, stage } from './kit.ts';

const KEPT = [
  ['X-Forwarded-For', '127.0.0.1'],
  ['X-Forwarded-Proto', 'http'],
  ['X-Forwarded-Host', 'a'],
  ['X-Real-IP', '127.0.0.1'],
  ['Authorization', 'Bearer t'],
  ['Cookie', 'sid=1'],
  ['Content-Type', 'text/plain'],
  ['Cache-Control', 'no-store'],
  ['Origin', 'http://a'],
  ['Host', 'a'],
] as const;

test.each(KEPT)('keeps %s although Connection names it', async (name, value) => {
  const on = await stage();
  const own = /^(?:X-|Host)/.test(name) ? [] : [`${name}: ${value}`];
  await on.send(get('/x', ...own, `Connection: close, ${name.toLowerCase()}`));
  const [seen] = on.legacy.requests;
  expect(seen && fieldOf(seen, name.toLowerCase())).toBe(value);
  expect(seen && fieldOf(seen, 'connection')).toBeUndefined();
});

test.each(['X-Request-Id', 'traceparent'])(
  'keeps the id of the gateway although Connection names it: %s',
  async (name) => {
    const on = await stage();
    await on.send(get('/x', `Connection: ${name}`));
    const [seen] = on.legacy.requests;
    expect(seen && fieldOf(seen, name.toLowerCase())).toMatch(/^[0-9a-z-]{10,}$/);
  },
);

test('removes what Connection may name, however it is written', async () => {
  const on = await stage();
  await on.send(
    get(
      '/x',
      'X-One: 1',
      'x-two: 2',
      'X-THREE: 3',
      'X-Four: 4',
      'Connection: X-ONE,, x-Two ,',
      'Connection: \tx-three\t',
    ),
  );
  const [seen] = on.legacy.requests;
  expect(seen?.fields.filter((name) => /^x-(?:one|two|three|four)$/i.test(name))).toEqual(['X-Four']);
});

test.each([
  'Keep-Alive',
  'Proxy-Connection',
  'Proxy-Authorization',
  'TE',
  'Trailer',
  'Upgrade',
  'Connection',
  'HTTP2-Settings',
])('never passes on a field of the hop: %s', async (name) => {
  const on = await stage();
  await on.send(get('/x', `${name}: x`));
  expect(on.legacy.requests[0] && fieldsOf(on.legacy.requests[0], name.toLowerCase())).toEqual([]);
});

test('a server cannot erase a cookie of its answer, nor the word of the gateway', async () => {
  const on = await stage({
    answering: () =>
      answerOf(
        'x',
        'Connection: Set-Cookie, X-Cutover-Lane, Date, X-Y\r\nSet-Cookie: a=b\r\nX-Y: 1\r\nDate: d\r\n',
      ),
  });
  const text = await on.send(get('/x'));
  expect(text).toMatch(/\r\nSet-Cookie: a=b\r\n/);
  expect(text).toMatch(/\r\nDate: d\r\n/);
  expect(text).toMatch(/\r\nx-cutover-lane: legacy\r\n/);
  expect(text).not.toMatch(/X-Y|Connection: Set/);
});
