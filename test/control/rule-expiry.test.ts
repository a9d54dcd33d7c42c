import { expect, test } from 'vitest';
import { endOfDay } from '../../src/config/compile-differences.ts';
import { compiled, SMALLEST } from '../config/kit.ts';
import { steered } from './kit/steered.ts';

const RULES = `
differences:
  rules:
    - { path: body/at, ignore: true, reason: a clock, expires: 2999-01-31 }
    - { path: body/price, round: 2, reason: rounds later, expires: 2999-03-31 }
    - { path: body/id, ignore: true, reason: its own }
`;
const FIRST = endOfDay('2999-01-31');
const SECOND = endOfDay('2999-03-31');

/** A rollout with rules, and a clock that the test moves. */
async function ruled() {
  const clock = { nowMs: FIRST - 1 };
  const made = await steered(compiled(SMALLEST + RULES), { options: { nowMs: () => clock.nowMs } });
  const paths = () => (made.publisher.current.config.rules ?? []).map(({ path }) => path);
  return { ...made, clock, paths };
}

test('a rule whose last day is over leaves the snapshot and begins a new epoch, by config and with its name', async () => {
  const { steering, publisher, clock, events, paths } = await ruled();
  const { epoch } = steering.state;
  await steering.expiry.look();
  expect([steering.state.epoch, paths()]).toEqual([epoch, ['body/at', 'body/price', 'body/id']]);
  clock.nowMs = FIRST;
  await steering.expiry.look();
  expect(steering.state.epoch).toBe(epoch + 1);
  expect(paths()).toEqual(['body/price', 'body/id']);
  expect(publisher.current.rollout.epoch).toBe(epoch + 1);
  const { entries } = await steering.opened.history(1);
  expect(entries[0]).toMatchObject({ verb: 'reload', who: 'config' });
  expect(entries[0]?.reason).toMatch(/^the rule [0-9a-f]{12} \(body\/at\) ended on 2999-01-31$/);
  expect(events).toContainEqual(expect.objectContaining({ type: 'config', accepted: true }));
});

test('an end is seen once, and the configuration is then the one that a restart would read', async () => {
  const { steering, clock, paths, logged } = await ruled();
  clock.nowMs = SECOND;
  await Promise.all([steering.expiry.look(), steering.expiry.look()]);
  const { epoch } = steering.state;
  await steering.expiry.look();
  expect(steering.state.epoch).toBe(epoch);
  expect(paths()).toEqual(['body/id']);
  expect(logged.filter((line) => line.includes('a new epoch begins'))).toHaveLength(1);
  const rest = RULES.split('\n')
    .filter((line) => !line.includes('expires'))
    .join('\n');
  expect(steering.config.gateway.hash).toBe(compiled(SMALLEST + rest).gateway.hash);
});
