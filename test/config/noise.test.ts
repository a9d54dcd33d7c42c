import { expect, test } from 'vitest';
import { compiled, load } from './kit.ts';

const BASE = `
listen: [{ address: 127.0.0.1:8080 }]
legacy: { servers: [http://127.0.0.1:8081], hostHeader: shop.internal }
candidate:
  upstreams: { shop: { servers: [http://127.0.0.1:7001] } }
  routes: [{ name: all, match: { path: /shop/ }, upstream: shop, endpoints: ENDPOINTS }]
rollout: { canary: { match: [] }, shadow: { noise: NOISE } }
`;

const file = (noise: string, endpoints = '[]'): string =>
  BASE.replace('NOISE', noise).replace('ENDPOINTS', endpoints);

function messages(text: string): string[] {
  const result = load(text);
  return result.ok ? [] : result.problems.map(({ message }) => message);
}

test('the noise leg is off unless it is named, and asks legacy itself unless told otherwise', () => {
  const off = compiled(file('{}').replace('noise: {}', 'sample: 5%'));
  expect([off.gateway.shadow.noiseShare, off.gateway.secondLegacy, off.plan.gates.noise]).toEqual([
    0,
    null,
    undefined,
  ]);
  const on = compiled(file('{}'));
  expect([on.gateway.shadow.noiseShare, on.gateway.secondLegacy, on.plan.gates.noise]).toEqual([
    0.1,
    null,
    true,
  ]);
  expect(on.gateway.hash).not.toBe(off.gateway.hash);
});

test('a second instance of legacy is asked as legacy is, but for its servers', () => {
  const { gateway } = compiled(file('{ share: 50%, servers: [http://127.0.0.1:8082] }'));
  const { name, servers, ...rest } = gateway.secondLegacy ?? gateway.legacy;
  const { name: _, servers: __, ...legacy } = gateway.legacy;
  expect(rest).toEqual(legacy);
  expect([name, servers.map(({ port }) => port)]).toEqual(['legacy-again', [8082]]);
});

test.each([
  ['{ share: 50%, servers: [http://127.0.0.1:7001] }', 'this server is the candidate'],
  ['{ servers: [http://127.0.0.1:8080] }', 'this server is Cutover itself'],
  ['{ shares: 5% }', 'shares'],
])('a noise leg of %s is refused', (noise, message) => {
  expect(messages(file(noise)).join()).toContain(message);
});

test('templates of endpoints are paths that their route takes, each once', () => {
  expect(messages(file('{}', "['/shop/{item}', '/shop/{item}/price', '/shop/cart']"))).toEqual([]);
  expect(messages(file('{}', "['/other/{item}']"))[0]).toContain('no request of this route');
  expect(messages(file('{}', "['/shop/{a}', '/shop/{b}']"))[0]).toContain('another template');
  expect(messages(file('{}', "['shop/{a}']"))[0]).toContain('a path with names in braces');
});
