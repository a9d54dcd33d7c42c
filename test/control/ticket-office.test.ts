import { expect, onTestFinished, test } from 'vitest';
import { TicketOffice } from '../../src/control/ticket-office.ts';
import type { TicketKeys } from '../../src/core/ticket-keys.ts';
import { until } from '../kit/until.ts';

test('draws keys that nobody had before and keeps those before for one interval', async () => {
  const handed: TicketKeys[] = [];
  const office = new TicketOffice((keys) => handed.push(keys), 20);
  onTestFinished(() => office.close());
  const first = office.newest;
  expect([first.current.length, first.previous]).toEqual([48, null]);
  await until(() => handed.length >= 3);
  const [one, two, three] = handed;
  expect(one?.previous).toEqual(first.current);
  expect(two?.previous).toEqual(one?.current);
  expect(three?.previous).toEqual(two?.current);
  expect(new Set([first, ...handed].map(({ current }) => Buffer.from(current).toString('hex'))).size).toBe(
    handed.length + 1,
  );
});
