import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256Hex } from '../../src/core/hash.ts';
import { canonicalJson } from '../../src/core/hash.ts';
import { chain, encodeHistory, historyKey, verifyChain } from '../../src/rollout/history.ts';
import type { UnchainedEntry } from '../../src/rollout/history.ts';
import type { HistoryEntry } from '../../src/rollout/state.ts';

function unchained(sequence: number, reason = 'ready'): UnchainedEntry {
  return {
    sequence,
    atMs: 1_790_000_000_000 + sequence,
    who: 'anna@example.org',
    verb: sequence === 1 ? 'start' : 'advance',
    from: sequence === 1 ? null : { phase: 'shadow', step: 0 },
    to: { phase: 'canary', step: 0 },
    reason,
    region: null,
    forced: false,
    epoch: 1,
    evidenceHash: null,
  };
}

function chained(length: number): HistoryEntry[] {
  const entries: HistoryEntry[] = [];
  for (let sequence = 1; sequence <= length; sequence += 1) {
    entries.push(chain(entries.at(-1) ?? null, unchained(sequence)));
  }
  return entries;
}

test('writes equal values the same, whatever the order of their keys', () => {
  expect(canonicalJson({ b: [1, { d: null, c: 'ü"\n' }], a: true, z: undefined, 10: -0, 9: 1e21 })).toBe(
    '{"10":0,"9":1e+21,"a":true,"b":[1,{"c":"ü\\"\\n","d":null}]}',
  );
  expect(canonicalJson({ '\u{1F600}': 1, '\uFB33': 2, ö: 3 })).toBe('{"ö":3,"\u{1F600}":1,"\uFB33":2}');
  for (const value of [Number.NaN, Infinity, 1n, () => 1, [undefined]]) {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  }
});

test('writes JSON that reads back as the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJson(JSON.parse(canonicalJson(value)))).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('links each entry to the one before, from 64 zeros on', () => {
  const [first, second] = chained(2) as [HistoryEntry, HistoryEntry];
  expect(first.previousHash).toBe('0'.repeat(64));
  expect(second.previousHash).toBe(first.hash);
  const { hash, ...content } = second;
  expect(hash).toBe(sha256Hex(canonicalJson(content)));
});

test('refuses a sequence that does not follow', () => {
  expect(() => chain(null, unchained(2))).toThrow(/1 is next/);
  expect(() => chain(chained(3).at(-1) ?? null, unchained(3))).toThrow(/4 is next/);
});

test('finds a whole chain intact, read back from its bytes', () => {
  const stored = chained(20).map(
    (entry) => JSON.parse(new TextDecoder().decode(encodeHistory(entry))) as HistoryEntry,
  );
  expect(verifyChain(stored)).toEqual({ intact: true, brokenAt: null });
  expect(verifyChain([])).toEqual({ intact: true, brokenAt: null });
});

test('names the first entry that was changed, removed, added or moved', () => {
  const entries = chained(8);
  const [, second, third] = entries as [HistoryEntry, HistoryEntry, HistoryEntry];
  expect(verifyChain(entries.with(2, { ...third, reason: 'nothing to see' })).brokenAt).toBe(3);
  expect(verifyChain(entries.toSpliced(3, 1)).brokenAt).toBe(4);
  expect(verifyChain(entries.toSpliced(0, 1)).brokenAt).toBe(1);
  expect(verifyChain(entries.toSpliced(5, 0, third)).brokenAt).toBe(6);
  expect(verifyChain(entries.with(1, third).with(2, second)).brokenAt).toBe(2);
});

test('does not accept a changed entry whose own hash was made anew: the next one gives it away', () => {
  const entries = chained(4);
  const { hash: _, ...content } = { ...(entries[1] as HistoryEntry), reason: 'rewritten' };
  const forged = { ...content, hash: sha256Hex(canonicalJson(content)) };
  expect(verifyChain(entries.with(1, forged))).toEqual({ intact: false, brokenAt: 3 });
});

test('finds any single changed field', () => {
  const entries = chained(5);
  const fields = Object.keys(entries[0] as HistoryEntry) as (keyof HistoryEntry)[];
  fc.assert(
    fc.property(fc.nat({ max: 4 }), fc.constantFrom(...fields), (index, field) => {
      const changed = { ...(entries[index] as HistoryEntry), [field]: 'changed' };
      expect(verifyChain(entries.with(index, changed)).intact).toBe(false);
    }),
  );
});

test('orders keys as sequences', () => {
  expect(historyKey(7)).toBe('hist/000000000007');
  const keys = [1, 2, 10, 99, 100, 123_456].map(historyKey);
  expect(keys.toSorted()).toEqual(keys);
});
