import { expect, test } from 'vitest';
import { DenialLines } from '../../src/control/denial-lines.ts';
import { Denials } from '../../src/telemetry/denials.ts';

const denial = (reason: string, count: number, address = '192.0.2.1') => ({
  by: 'client_certificate',
  reason,
  count,
  address,
  identity: '',
});

test('tells of the first denied client at once and of the others once a minute, with their number', () => {
  const lines = new DenialLines();
  expect(lines.add([denial('revoked', 1)], 0).map(({ count }) => count)).toEqual([1]);
  expect(lines.add([denial('revoked', 5)], 1_000)).toEqual([]);
  expect(lines.add([denial('expired', 2)], 2_000).map(({ reason }) => reason)).toEqual(['expired']);
  expect(lines.add([denial('revoked', 7, '192.0.2.9')], 30_000)).toEqual([]);
  expect(lines.takeDue(60_000)).toMatchObject([{ reason: 'revoked', count: 12, address: '192.0.2.9' }]);
  expect(lines.takeDue(61_000)).toEqual([]);
  expect(lines.takeDue(500_000)).toEqual([]);
  expect(lines.add([denial('revoked', 1)], 500_001)).toHaveLength(1);
});

test('keeps a bounded number of reasons however many there are, and loses no count', () => {
  const denials = new Denials();
  for (let index = 0; index < 1_000; index += 1) denials.note('client_certificate', `r${index}`, 'a', '');
  const taken = denials.take();
  expect(taken.length).toBeLessThanOrEqual(65);
  expect(taken.reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
  expect(denials.take()).toEqual([]);
});
