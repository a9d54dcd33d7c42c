import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeaderFields } from '../../src/core/headers.ts';
import { AddressSet, addressOf, plainAddress } from '../../src/gateway/addresses.ts';
import { cookieValue } from '../../src/gateway/cookies.ts';
import { runOnDone, runOnRequest } from '../../src/gateway/filters/run.ts';
import type { Filter, FilterExchange } from '../../src/gateway/filters/types.ts';
import { Router, withoutPort } from '../../src/gateway/router.ts';
import { route } from '../kit/snapshot.ts';

test('an address set holds its blocks, single addresses and nothing else', () => {
  const set = new AddressSet(['10.0.0.0/8', '192.168.1.7', 'fd00::/8', '::1']);
  const inside = ['10.255.0.1', '192.168.1.7', 'fd12::9', '::1'];
  const outside = ['11.0.0.1', '192.168.1.8', 'fe80::1', '::2', '0.0.0.0'];
  expect(inside.every((address) => set.contains(address))).toBe(true);
  expect(outside.some((address) => set.contains(address))).toBe(false);
  expect(new AddressSet([]).contains('127.0.0.1')).toBe(false);
});

test('an IPv4 peer of a dual-stack socket is seen as IPv4', () => {
  expect(plainAddress('::ffff:10.1.2.3')).toBe('10.1.2.3');
  expect(plainAddress('::1')).toBe('::1');
});

test('a hop of X-Forwarded-For is one address in one form, or nothing', () => {
  expect(addressOf('203.0.113.7:4711')).toBe('203.0.113.7');
  expect(addressOf('[2001:DB8:0:0::1]:443')).toBe('2001:db8::1');
  expect(addressOf('::ffff:cb00:7107')).toBe('203.0.113.7');
  expect(addressOf('::FFFF:10.0.0.1')).toBe('10.0.0.1');
  for (const bad of ['', '999.9.9.9', 'unknown', '_hidden', '1.2.3.4, 5.6.7.8', '[::1', '1.2.3.4:x']) {
    expect(addressOf(bad)).toBeNull();
  }
});

test('a cookie is found by its whole name only', () => {
  const fields = new HeaderFields(['Cookie', 'xsid=no; sid=one', 'cookie', 'other=2;sid=two']);
  expect(cookieValue(fields, 'sid')).toBe('one');
  expect(cookieValue(fields, 'other')).toBe('2');
  expect(cookieValue(fields, 'si')).toBeUndefined();
});

test('reading cookies never fails, whatever the header holds', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1 }), (header, name) => {
      cookieValue(new HeaderFields(['Cookie', header]), name);
    }),
  );
});

test('the first route that matches wins, and a host comes before any host', () => {
  const router = new Router(
    [
      route('shop', '/', { match: { host: 'shop.example', path: '/', methods: [] } }),
      route('writes', '/api', { match: { host: null, path: '/api', methods: ['POST'] } }),
      route('api', '/api'),
      route('rest', '/'),
    ],
    [],
  );
  const name = (method: string, host: string, path: string) => router.match(method, host, path)?.config.name;
  expect(name('GET', 'shop.example:8080', '/api')).toBe('shop');
  expect(name('POST', 'x', '/api/1')).toBe('writes');
  expect(name('GET', 'x', '/api')).toBe('api');
  expect(name('GET', 'x', '/apix')).toBe('rest');
  expect(name('OPTIONS', 'x', '*')).toBe('rest');
});

test('a host keeps its brackets and loses its port', () => {
  expect([withoutPort('a.example:80'), withoutPort('[::1]:80'), withoutPort('[::1]')]).toEqual([
    'a.example',
    '[::1]',
    '[::1]',
  ]);
});

const exchange = { fields: new HeaderFields() } as unknown as FilterExchange;

test('filters run in order until one answers, and hooks are optional', async () => {
  const calls: string[] = [];
  const passing = (name: string): Filter => ({ name, onRequest: () => (calls.push(name), null) });
  const answer = { status: 403, fields: new HeaderFields(), body: '' };
  const filters: Filter[] = [
    passing('a'),
    { name: 'none' },
    { name: 'later', onRequest: () => Promise.resolve(null) },
    passing('b'),
    { name: 'stop', onRequest: () => answer },
    passing('never'),
  ];
  expect(await runOnRequest(filters, exchange)).toBe(answer);
  expect(calls).toEqual(['a', 'b']);
});

test('filters that answer at once make no promise', () => {
  expect(runOnRequest([{ name: 'a', onRequest: () => null }], exchange)).toBeNull();
});

test('every filter hears the end, also after another one threw', () => {
  const done: string[] = [];
  const filter = (name: string, fails: boolean): Filter => ({
    name,
    onDone: () => {
      done.push(name);
      if (fails) throw new Error(name);
    },
  });
  runOnDone([filter('a', false), filter('b', true), filter('c', false)], exchange, null);
  expect(done).toEqual(['c', 'b', 'a']);
});
