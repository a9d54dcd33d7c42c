/**
 * Attack: a client that says who it is. It sends X-Forwarded-For, X-Real-IP or Forwarded itself; the server believes the
 * address and opens what is open for the office, or logs another culprit.
 * Known from: every allow list by address behind a proxy that appends; GHSA advisories of many frameworks.
 * Why it works: a proxy adds its word to the client's, and the server reads the first.
 * Cutover: from an address that is not configured as a trusted proxy nothing of this is believed or passed on. From a
 * trusted one the list is read from the right, and the first address that is not trusted is the client.
 */
import { expect, test } from 'vitest';
import { fieldOf, fieldsOf } from './lenient-upstream.ts';
import { get, stage } from './kit.ts';

const SPOOFED = [
  'X-Forwarded-For: 10.0.0.1',
  'x-forwarded-for: 10.0.0.2, 10.0.0.3',
  'X-Forwarded-Host: evil.example',
  'X-Forwarded-Proto: https',
  'X-Real-IP: 10.0.0.1',
  'X-Real-Ip: 10.0.0.2',
  'Forwarded: for=10.0.0.1;host=evil.example;proto=https',
  'X-Request-Id: ../../etc/passwd',
  'X_Forwarded_For: 10.0.0.1',
  'X_Real_IP: 10.0.0.1',
];

test('believes and passes on nothing that an untrusted client says about itself', async () => {
  const on = await stage();
  await on.send(get('/x', ...SPOOFED));
  const [seen] = on.legacy.requests;
  if (seen === undefined) throw new Error('nothing was seen');
  expect(fieldsOf(seen, 'x-forwarded-for')).toEqual(['127.0.0.1']);
  expect(fieldsOf(seen, 'x-forwarded-host')).toEqual(['a']);
  expect(fieldsOf(seen, 'x-forwarded-proto')).toEqual(['http']);
  expect(fieldsOf(seen, 'x-real-ip')).toEqual(['127.0.0.1']);
  expect(fieldsOf(seen, 'forwarded')).toEqual([]);
  expect(fieldOf(seen, 'x-request-id')).toMatch(/^[0-9a-z-]+$/);
  expect(seen.raw).not.toMatch(/10\.0\.0\.|evil|_/);
});

test.each([
  ['the last one that is not trusted', '6.6.6.6, 203.0.113.7, 127.0.0.9', '203.0.113.7'],
  ['past what the client itself wrote', '10.0.0.1, 203.0.113.7', '203.0.113.7'],
  ['without its port', '203.0.113.7:4711', '203.0.113.7'],
  ['without its brackets', '[2001:db8::1]:443', '2001:db8::1'],
  ['no address: the peer', 'unknown', '127.0.0.1'],
  ['an address with a tail: the peer', '203.0.113.7/24', '127.0.0.1'],
  ['a name: the peer', 'evil.example', '127.0.0.1'],
  ['an empty list: the peer', '', '127.0.0.1'],
  ['octal digits: the peer', '0177.0.0.1', '127.0.0.1'],
])('reads the list of a trusted proxy from the right: %s', async (_name, list, client) => {
  const on = await stage({ config: () => ({ trustedProxies: ['127.0.0.0/8'] }) });
  await on.send(get('/x', `X-Forwarded-For: ${list}`));
  expect(on.legacy.requests[0] && fieldOf(on.legacy.requests[0], 'x-real-ip')).toBe(client);
});

test('a list of ten thousand hops is read in no time and stays bounded by the head', async () => {
  const on = await stage({ config: () => ({ trustedProxies: ['127.0.0.0/8'] }) });
  await on.send(get('/x', `X-Forwarded-For: ${'127.0.0.1,'.repeat(1_500)}127.0.0.1`));
  expect(on.legacy.requests[0] && fieldOf(on.legacy.requests[0], 'x-real-ip')).toBe('127.0.0.1');
});
