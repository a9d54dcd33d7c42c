import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasDuplicateKeys } from '../../src/auth/duplicate-keys.ts';
import { readToken } from '../../src/auth/token-form.ts';
import { encoded } from '../kit/tokens.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 40 });
const token = (header: unknown, claims: unknown): string => `${encoded(header)}.${encoded(claims)}.AA`;

test('whatever a client sends is read or refused and never throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        anyText,
        fc.tuple(anyText, anyText, anyText).map((parts) => parts.join('.')),
        fc.tuple(anyText, anyText).map(([header, claims]) => token(header, claims)),
        fc.tuple(fc.json(), fc.json()).map(([header, claims]) => token(header, claims)),
      ),
      (text) => {
        const form = readToken(text);
        expect(form === null || typeof form.alg === 'string').toBe(true);
      },
    ),
  );
});

test('one token has one spelling: changing any character of a segment is another token or none', () => {
  const good = token({ alg: 'ES256', kid: 'a' }, { sub: 'ada', exp: 1 });
  const before = readToken(good);
  expect(before).toEqual({ alg: 'ES256', kid: 'a', typ: null, claims: { sub: 'ada', exp: 1 } });
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, char) => {
      const other = good.slice(0, at) + char + good.slice(at + 1);
      if (other === good) return;
      const [header, claims] = good.split('.');
      const form = readToken(other);
      const sameSegments = other.startsWith(`${header}.${claims}.`);
      if (!sameSegments && form !== null) expect(form).not.toEqual(before);
    }),
    { numRuns: 2_000 },
  );
});

/** The same question by another way: JSON.parse keeps the last of two members, and a writer makes one of them. */
function countsOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + countsOf(each), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((sum, each) => sum + 1 + countsOf(each), 0);
}

test('members that stand there twice are found at any depth, and members of other objects are none', () => {
  const names = fc.constantFrom('a', 'b', '\\u0061', 'c"\\\\', '__proto__'.slice(2, 7), '{', ':');
  const text = fc.letrec<{ value: { json: string; members: number } }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom('1', '"a"', 'null', '":"', '"\\""').map((json) => ({ json, members: 0 })),
      fc.array(tie('value'), { maxLength: 3 }).map((parts) => ({
        json: `[${parts.map(({ json }) => json).join(' , ')}]`,
        members: parts.reduce((sum, { members }) => sum + members, 0),
      })),
      fc.array(fc.tuple(names, tie('value')), { maxLength: 3 }).map((parts) => ({
        json: `{${parts.map(([name, { json }]) => `"${name.replace(/"/, '\\"')}" :${json}`).join(',')}}`,
        members: parts.reduce((sum, [, { members }]) => sum + 1 + members, 0),
      })),
    ),
  })).value;
  fc.assert(
    fc.property(text, ({ json, members }) => {
      expect(hasDuplicateKeys(json)).toBe(countsOf(JSON.parse(json)) < members);
    }),
    { numRuns: 2_000 },
  );
});
