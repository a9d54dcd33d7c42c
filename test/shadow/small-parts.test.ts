import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeaderFields } from '../../src/core/headers.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { BodyCopy } from '../../src/shadow/body-copy.ts';
import { CopyBudget } from '../../src/shadow/budget.ts';
import { ineligibleBecause } from '../../src/shadow/eligibility.ts';
import { templateOf } from '../../src/core/path-template.ts';
import { EndpointTable, pathTemplates } from '../../src/shadow/endpoint.ts';
import { RateCap } from '../../src/shadow/rate-cap.ts';

test('a body over its limit is let go of instead of being cut', () => {
  const budget = new CopyBudget(10, 1_000);
  const copy = new BodyCopy(budget, 10);
  copy.add(Buffer.alloc(8));
  copy.add(Buffer.alloc(8));
  expect([copy.overflowed, copy.bytes, copy.body().length, budget.bytes]).toEqual(['limit', 16, 0, 0]);
});

test('bytes taken from the budget always come back', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(60), { maxLength: 8 }), { maxLength: 12 }), (bodies) => {
      const budget = new CopyBudget(10, 300);
      const copies = bodies.map((chunks) => {
        const copy = new BodyCopy(budget, 100);
        for (const size of chunks) copy.add(Buffer.alloc(size));
        return copy;
      });
      expect(budget.bytes).toBeLessThanOrEqual(300);
      for (const copy of copies) {
        copy.free();
        copy.free();
      }
      expect(budget.bytes).toBe(0);
    }),
  );
});

test('a kept body does not change when the buffer it came from is used again', () => {
  const copy = new BodyCopy(new CopyBudget(1, 100), 100);
  const shared = Buffer.from('first');
  copy.add(shared);
  shared.write('later');
  expect(copy.body().toString()).toBe('first');
});

test('a rate cap lets through what it promises and no more', () => {
  const cap = new RateCap(100, 0, 0);
  let taken = 0;
  for (let ms = 0; ms < 10_000; ms += 1) if (cap.take(ms)) taken += 1;
  expect(taken).toBeGreaterThan(990);
  expect(taken).toBeLessThanOrEqual(1_001);
});

test('a ramp starts from nothing and reaches the whole rate', () => {
  const cap = new RateCap(1_000, 10_000, 0);
  const takenIn = (fromMs: number) => {
    let taken = 0;
    for (let ms = fromMs; ms < fromMs + 1_000; ms += 1) if (cap.take(ms)) taken += 1;
    return taken;
  };
  const counts = Array.from({ length: 12 }, (_, second) => takenIn(second * 1_000));
  expect(counts[0]).toBeLessThan(80);
  expect(counts[5]).toBeGreaterThan(450);
  expect(counts[5]).toBeLessThan(650);
  expect(counts[11]).toBeGreaterThan(980);
});

test('a rate cap of zero means no cap', () => {
  const cap = new RateCap(0, 10_000, 0);
  expect(Array.from({ length: 1_000 }, () => cap.take(0)).every(Boolean)).toBe(true);
});

const request = {
  method: 'GET',
  fields: new HeaderFields(),
  upgrade: '',
  expectsContinue: false,
  marked: false,
  copyWrites: false,
};

test('only safe methods are copied unless the route allows writes', () => {
  expect(ineligibleBecause(request)).toBeNull();
  expect(ineligibleBecause({ ...request, method: 'POST' })).toBe('method');
  expect(ineligibleBecause({ ...request, method: 'POST', copyWrites: true })).toBeNull();
});

test('what can not be compared is not copied and says why', () => {
  expect(ineligibleBecause({ ...request, marked: true })).toBe('marked');
  expect(ineligibleBecause({ ...request, upgrade: 'websocket' })).toBe('upgrade');
  expect(ineligibleBecause({ ...request, expectsContinue: true })).toBe('expect');
  expect(ineligibleBecause({ ...request, fields: new HeaderFields(['Range', 'bytes=0-1']) })).toBe('range');
  const stream = new HeaderFields(['Accept', 'text/event-stream']);
  expect(ineligibleBecause({ ...request, fields: stream })).toBe('event_stream');
  const fields = new HeaderFields(['Content-Type', 'application/grpc+proto']);
  expect(ineligibleBecause({ ...request, method: 'POST', copyWrites: true, fields })).toBe('grpc');
});

test('ids in paths become templates and words stay', () => {
  expect(templateOf('/users/123/orders/7f3a9c10de')).toBe('/users/{id}/orders/{id}');
  expect(templateOf('/u/6ba7b810-9dad-11d1-80b4-00c04fd430c8')).toBe('/u/{id}');
  expect(templateOf('/css/bootstrap.min.css')).toBe('/css/bootstrap.min.css');
  expect(templateOf('/deadbeef')).toBe('/deadbeef');
});

test.each([
  ['/u/john.doe@example.com', '/u/{id}'],
  ['/u/john.doe%40example.com', '/u/{id}'],
  ['/u/john.doe%2540example.com', '/u/{id}'],
  ['/anna%2Blee%40x.de/y', '/{id}/y'],
  ['/p;jsessionid=AAAABBBB1/q', '/p/q'],
  ['/p%3Bjsessionid=AAAABBBB1', '/{id}'],
  ['/reset/s3cr3tTokenAbc123', '/reset/{id}'],
  ['/o/AbcDefGhiJklMnoPqrStu', '/o/{id}'],
  ['/call/+49-30-555123', '/call/{id}'],
  ['/broken/%E0%A4%A', '/broken/{id}'],
])('what may be somebody’s is never part of an endpoint: %s', (path, template) => {
  expect(templateOf(path)).toBe(template);
  expect(new EndpointTable().endpoint('GET', path)).toBe(`GET ${template}`);
});

test('names that people give to pages stay as they are', () => {
  for (const path of [
    '/api/v2/users',
    '/oauth2/token',
    '/b2b/top10/getOrders',
    '/Caf%C3%A9/jquery-3.7.1.min.js',
    '/a//b/.well-known/x~y',
  ]) {
    expect(templateOf(path)).toBe(path);
  }
});

test('a path made to be slow is a template in no time', () => {
  const startedMs = performance.now();
  for (const piece of ['1', 'a1', 'aA', '%', ';', 'a-', '-1'])
    templateOf(`/${piece.repeat(30_000)}/${piece.repeat(15)}`);
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});

test('the number of endpoints is bounded whatever clients ask for, and what is beyond it stays visible', () => {
  const table = new EndpointTable();
  const seen = new Set<string>();
  for (let index = 0; index < LIMITS.endpoints * 4; index += 1) {
    const word = String.fromCodePoint(0x4e00 + index);
    seen.add(table.endpoint('GET', `/${String.fromCodePoint(0x61 + (index % 26))}/${word}`));
  }
  expect(seen.size).toBe(LIMITS.endpoints + 1);
  expect(seen.has('GET {other}')).toBe(true);
});

test('too many words at one place are one endpoint, and those that were there keep their name', () => {
  const table = new EndpointTable();
  const name = (index: number): string => `/shop/item-${String.fromCodePoint(0x4e00 + index)}/price`;
  const first = Array.from({ length: LIMITS.endpointSiblings }, (_, index) =>
    table.endpoint('GET', name(index)),
  );
  expect(new Set(first).size).toBe(LIMITS.endpointSiblings);
  expect(table.endpoint('GET', name(1_000))).toBe('GET /shop/{any}/price');
  expect(table.endpoint('GET', name(2_000))).toBe('GET /shop/{any}/price');
  expect(table.endpoint('GET', name(3))).toBe(first[3]);
  expect(table.endpoint('GET', '/cart')).toBe('GET /cart');
  expect(table.endpoint('GET', '/shop/123/price')).toBe('GET /shop/{any}/price');
  expect(table.endpoint('HEAD', name(1_000))).toBe(`HEAD ${name(1_000)}`);
});

test('a path of a thousand segments is one endpoint with those that ask for as many', () => {
  const table = new EndpointTable();
  const deep = (last: string): string => table.endpoint('GET', `${'/a'.repeat(1_000)}/${last}`);
  expect(deep('x')).toBe(deep('y'));
  expect(deep('x')).toMatch(/^GET (?:\/a)+\/\{other\}$/);
});

test('templates of the route come first, the more literal one before the other', () => {
  const table = new EndpointTable();
  const declared = pathTemplates(['/users/{name}', '/users/me', '/docs/{page}/edit']);
  const endpoint = (path: string): string => table.endpoint('GET', path, declared);
  expect(endpoint('/users/ada')).toBe('GET /users/{name}');
  expect(endpoint('/users/me')).toBe('GET /users/me');
  expect(endpoint('/docs/start/edit')).toBe('GET /docs/{page}/edit');
  expect(endpoint('/users/ada/orders')).toBe('GET /users/ada/orders');
  expect(endpoint('/users/')).toBe('GET /users/');
  expect(endpoint('/docs/7')).toBe('GET /docs/{id}');
});
