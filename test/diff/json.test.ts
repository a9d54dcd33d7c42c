import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { canonicalNumber, sameNumber } from '../../src/diff/json-number.ts';
import { readJson } from '../../src/diff/json-reader.ts';
import { classes, compare, first, json, JSON_FIELDS } from './kit.ts';

test('reads what JSON.parse reads and refuses what it refuses', () => {
  const nearly = fc
    .tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', ',', '"', '\\', '}', ']', '0', '-', '.', 'e', ' ', '\u0001', ':'),
    )
    .map(([text, at, extra]) => {
      const index = at % (text.length + 1);
      return text.slice(0, index) + extra + text.slice(index + (at % 2));
    });
  fc.assert(
    fc.property(fc.oneof(fc.json(), nearly, fc.string()), (text) => {
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      expect(readJson(text).ok).toBe(valid);
    }),
    { numRuns: 3_000 },
  );
});

test('a document equals itself however it is written', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(json(JSON.stringify(value), JSON.stringify(shuffled(value), null, 2)).found).toBe(0);
    }),
  );
});

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, shuffled(member)]),
  );
}

test('two different documents are never equal', () => {
  const plain = fc.jsonValue({ noUnicodeString: true });
  fc.assert(
    fc.property(plain, plain, (one, other) => {
      const [left, right] = [JSON.stringify(sorted(one)), JSON.stringify(sorted(other))];
      expect(json(left, right).found > 0).toBe(left.replaceAll('-0', '0') !== right.replaceAll('-0', '0'));
    }),
    { numRuns: 1_000 },
  );
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, member]): [string, unknown] => [key, sorted(member)]);
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

test('numbers are equal by value and not by writing', () => {
  for (const writing of ['1', '1.0', '1e0', '10e-1', '0.1E+1', '1.000']) {
    expect(canonicalNumber(writing)).toBe('1e0');
    expect(json(`{"a":1}`, `{"a":${writing}}`).found).toBe(0);
  }
  expect(json('-0', '0').found).toBe(0);
  expect(json('0e99999999999999999999', '0').found).toBe(0);
  expect(json('1.5', '1.50001').found).toBe(1);
});

test('numbers beyond 2^53 are told apart', () => {
  expect(Number('9007199254740993')).toBe(9007199254740992);
  expect(first(json('{"id":9007199254740992}', '{"id":9007199254740993}'))).toMatchObject({
    kind: 'json_value',
    path: '/id',
    legacy: '9007199254740992',
    candidate: '9007199254740993',
  });
  expect(json('9007199254740993', '9007199254740993.0').found).toBe(0);
  expect(json('1e400', '1e401').found).toBe(1);
  expect(json('1e9999999999999999999', '1e9999999999999999998').found).toBe(1);
});

test('number equality agrees with BigInt and with doubles that are exact', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.bigInt(), fc.nat(20), (one, other, zeros) => {
      expect(sameNumber(String(one), String(other))).toBe(one === other);
      expect(sameNumber(`${one}.${'0'.repeat(zeros + 1)}`, String(one))).toBe(true);
      expect(sameNumber(`${one}${'0'.repeat(zeros)}`, `${one}e${zeros}`)).toBe(true);
    }),
  );
});

test('a number and the same number as a string are of different type', () => {
  expect(first(json('{"a":1}', '{"a":"1"}'))).toMatchObject({
    kind: 'json_type',
    legacy: '1',
    candidate: '"1"',
  });
});

test('null and missing are different', () => {
  expect(classes(json('{"a":null}', '{}'))).toEqual(['json_missing /a']);
  expect(classes(json('{}', '{"a":null}'))).toEqual(['json_added /a']);
  expect(classes(json('{"a":null}', '{"a":0}'))).toEqual(['json_type /a']);
});

test('a key that stands twice is noticed, and none of its values is lost', () => {
  expect(json('{"a":1,"a":2}', '{"a":1,"a":2}').found).toBe(0);
  expect(classes(json('{"a":1,"a":2}', '{"a":2}'))).toEqual(['json_type /a']);
  expect(classes(json('{"a":1,"a":2}', '{"a":3,"a":2}'))).toEqual(['json_value /a']);
  expect(classes(json('{"a":1,"a":2}', '{"a":1,"a":2,"a":2}'))).toEqual(['json_length /a']);
});

test('prototype keys are keys like all others', () => {
  const result = json('{"__proto__":{"x":1},"constructor":1}', '{"__proto__":{"x":2}}');
  expect(classes(result)).toEqual(['json_value /__proto__/x', 'json_missing /constructor']);
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
});

test('one insertion or removal is one difference, wherever it is', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 20 }), fc.nat(), (list, at) => {
      const longer = list.toSpliced(at % (list.length + 1), 0, { inserted: true });
      const inserted = json(JSON.stringify({ list }), JSON.stringify({ list: longer }));
      expect([inserted.found, ...classes(inserted)]).toEqual([1, 'json_length /list']);
      const removed = json(JSON.stringify({ list: longer }), JSON.stringify({ list }));
      expect([removed.found, ...classes(removed)]).toEqual([1, 'json_length /list']);
    }),
  );
});

test('a changed element beside an insertion is still seen', () => {
  const result = json(
    '[{"id":1},{"id":2},{"id":3,"n":"x"},{"id":4}]',
    '[{"id":9},{"id":1},{"id":2},{"id":3,"n":"y"},{"id":4}]',
  );
  expect(classes(result)).toEqual(['json_length ', 'json_value /*/n']);
});

test('a moved element is one difference, a swapped pair of numbers two values', () => {
  const moved = json('["a","b","c","d","e"]', '["e","a","b","c","d"]');
  expect(moved).toMatchObject({ found: 1, differences: [{ kind: 'json_length', path: '' }] });
  expect(json('[1.5,2.5]', '[2.5,1.5]')).toMatchObject({
    found: 2,
    differences: [{ kind: 'json_value', path: '/*' }],
  });
});

test('long lists are compared place by place, in bounded time', () => {
  const list = Array.from({ length: 5_000 }, (_, index) => index);
  const result = json(JSON.stringify(list), JSON.stringify(list.map((each) => each + 1)));
  expect(result.found).toBe(5_000);
  expect(classes(result)).toEqual(['json_value /*']);
});

test('indices and ids are folded out of paths', () => {
  expect(classes(json('{"users":[{"name":"a"}]}', '{"users":[{"name":"b"}]}'))).toEqual([
    'json_value /users/*/name',
  ]);
  const ids = [
    '42',
    '2026-01-01',
    '550e8400-e29b-41d4-a716-446655440000',
    'ann@example.com',
    'a1b2c3d4e5f6a7b8',
  ];
  for (const id of ids) {
    expect(classes(json(`{"by":{"${id}":{"n":1}}}`, `{"by":{"${id}":{"n":2}}}`)), id).toEqual([
      'json_value /by/*/n',
    ]);
  }
  const table = (value: number) =>
    JSON.stringify(
      Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`name-${'x'.repeat(index)}`, value])),
    );
  expect(json(table(1), table(2))).toMatchObject({ found: 60, differences: [{ path: '/*' }] });
});

test('keys are escaped as RFC 6901 asks', () => {
  expect(classes(json('{"a/b":{"c~d":1}}', '{"a/b":{"c~d":2}}'))).toEqual(['json_value /a~1b/c~0d']);
});

test('what says JSON and is not is its own kind', () => {
  const result = json('{"a":1}', '{"a":NaN}');
  expect(first(result)).toMatchObject({ kind: 'json_invalid', path: 'body', legacy: 'valid JSON' });
  expect(first(result).candidate).toContain('not JSON at character 6');
  expect(classes(json('{}', '\ufeff{}'))).toEqual(['json_invalid body']);
  const latin = compare(
    { fields: JSON_FIELDS, body: '"é"' },
    { fields: JSON_FIELDS, body: Buffer.from([0x22, 0xe9, 0x22]) },
  );
  expect(first(latin).candidate).toBe('not UTF-8');
  expect(classes(json('', '{}'))).toEqual(['json_invalid body']);
});

test('documents beyond the limits are compared by their bytes', () => {
  const deep = (inner: string) => '['.repeat(LIMITS.jsonDepth + 1) + inner + ']'.repeat(LIMITS.jsonDepth + 1);
  expect(json(deep('1'), deep('1')).found).toBe(0);
  expect(classes(json(deep('1'), deep('2')))).toEqual(['json_limit body']);
  const wide = (last: string) => `[${'1,'.repeat(LIMITS.jsonNodes)}${last}]`;
  expect(classes(json(wide('1'), wide('2')))).toEqual(['json_limit body']);
  expect(classes(json('['.repeat(100_000), ']'))).toEqual(['json_invalid body']);
});

test('lists count the same in both directions, and only equal ones count nothing', () => {
  const lists = fc.array(fc.nat(4), { maxLength: 12 });
  fc.assert(
    fc.property(lists, lists, (one, other) => {
      const [left, right] = [JSON.stringify(one), JSON.stringify(other)];
      const { found } = json(left, right);
      expect(json(right, left).found).toBe(found);
      expect(found > 0).toBe(left !== right);
    }),
    { numRuns: 3_000 },
  );
});
