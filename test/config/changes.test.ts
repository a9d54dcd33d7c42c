import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyChanges } from '../../src/config/changes.ts';
import { holdsSecret } from '../../src/config/redact.ts';
import { LIMITS } from '../../src/core/limits.ts';

const FILE = `
rollout: { shadow: { sample: 10% } }
candidate:
  upstreams: { shop: { servers: [http://127.0.0.1:7001] } }
  routes:
    - { name: api, match: { path: /api/ }, upstream: shop }
    - { name: rest, upstream: shop }
`;

/** `key from -> to`, with `-` for what is not there. */
function changed(before: string, after: string): string[] {
  return keyChanges(before, after).changes.map(
    ({ key, from, to }) => `${key} ${from ?? '-'} -> ${to ?? '-'}`,
  );
}

test('names each key that differs as people say it, with its old and new value', () => {
  const after = FILE.replace('10%', '20%').replace('path: /api/', 'path: /v2/').replace('7001', '7002');
  expect(changed(FILE, `${after}watch: true\n`)).toEqual([
    'rollout.shadow.sample 10% -> 20%',
    'candidate.upstreams.shop.servers ["http://127.0.0.1:7001"] -> ["http://127.0.0.1:7002"]',
    'candidate.routes[api].match.path /api/ -> /v2/',
    'watch - -> true',
  ]);
});

test('tells routes that come, go and change places by their names', () => {
  const without = FILE.replace(/ +- \{ name: api.*\n/, '');
  expect(changed(FILE, without)).toEqual([
    'candidate.routes[api] {"name":"api","match":{"path":"/api/"},"upstream":"shop"} -> -',
  ]);
  expect(changed(without, FILE)).toEqual([
    'candidate.routes[api] - -> {"name":"api","match":{"path":"/api/"},"upstream":"shop"}',
  ]);
  const api = /.*name: api.*\n/.exec(FILE)?.[0] ?? '';
  expect(changed(FILE, FILE.replace(api, '').trimEnd() + `\n${api}`)).toEqual([
    'candidate.routes (order) ["api","rest"] -> ["rest","api"]',
  ]);
});

test('comments, order of keys and ways of writing are no change', () => {
  const other = `# another\n${FILE.replace('{ sample: 10% }', '\n    sample: "10%"').replace('rollout: { shadow: ', 'rollout:\n  shadow: ').replace(/" \}/, '"')}`;
  expect(changed(FILE, other)).toEqual([]);
});

test('hides secrets and shortens long values, and counts what is not listed', () => {
  const [password] = keyChanges('siem: { password: hunter2 }', 'siem: { password: hunter3 }').changes;
  expect(password).toEqual({ key: 'siem.password', from: '*******', to: '*******' });
  const [whole] = keyChanges('{}', 'a: { token: "abc def", b: 1 }').changes;
  expect(whole?.to).not.toContain('abc');
  const [long] = keyChanges('a: 1', `a: ${'x '.repeat(500)}`).changes;
  expect(long?.to).toHaveLength(LIMITS.configChangeChars);
  const many = Array.from({ length: 300 }, (_, index) => `k${index}: 1`).join('\n');
  expect(keyChanges('{}', many)).toMatchObject({ more: 300 - LIMITS.configChanges });
});

test('texts that hold what looks like a secret are told from those that refer to one', () => {
  expect(holdsSecret(FILE)).toBe(false);
  expect(holdsSecret('password: { file: /run/secrets/siem }\ntoken: ${TOKEN}')).toBe(false);
  expect(holdsSecret('version: 3f2a9c81d7e64b05a1f2c3d4e5f60718293a4b5c')).toBe(false);
  expect(holdsSecret('password: hunter2')).toBe(true);
  expect(holdsSecret('url: https://hooks.example.com/T0/B0/x')).toBe(true);
  expect(holdsSecret('header: { x-canary: f8Kq29ZmLw03XhTq7Rb1 }')).toBe(true);
});

test('says nothing of equal values and something of every other, whatever the values are', () => {
  const json = fc.jsonValue({ maxDepth: 4 }).filter((value) => typeof value === 'object' && value !== null);
  fc.assert(
    fc.property(json, json, (one, other) => {
      const [before, after] = [JSON.stringify(one), JSON.stringify(other)];
      expect(keyChanges(before, before).changes).toEqual([]);
      const isSame = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
      expect(keyChanges(before, after).changes.length === 0).toBe(isSame);
    }),
  );
});

/** Members of maps in one order, so that equal values have one text. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}
