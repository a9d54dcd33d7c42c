import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { endOfDay } from '../../src/config/compile-differences.ts';
import type { CutoverEvent } from '../../src/core/events.ts';
import { Publisher } from '../../src/control/publisher.ts';
import { Steering } from '../../src/control/steering.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { mergeWindows } from '../../src/telemetry/merge.ts';
import { compiled, SMALLEST } from '../config/kit.ts';

const RULES = `
differences:
  rules:
    - { path: body/at, ignore: true, reason: a clock, expires: 2999-01-31 }
    - { path: body/price, round: 2, reason: rounds later, expires: 2999-03-31 }
    - { path: body/id, ignore: true, reason: its own }
`;
const FIRST = endOfDay('2999-01-31');
const SECOND = endOfDay('2999-03-31');
const DAY_MS = 24 * 60 * 60 * 1_000;

/** A rollout over a real store, and a clock that the test moves. */
async function steered() {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-expiry-'));
  const retention = { windowsMs: DAY_MS, examplesMs: DAY_MS, eventsMs: DAY_MS, maxBytes: 1e9 };
  const store = openSqliteStore({ file: join(folder, 'cutover.db'), retention, mergeWindows });
  const clock = { nowMs: FIRST - 1 };
  const events: CutoverEvent[] = [];
  const logged: string[] = [];
  const publisher = new Publisher({
    send: () => {},
    workers: () => [],
    onInEffect: () => {},
    onLate: () => {},
    onStuck: () => {},
  });
  const config = compiled(SMALLEST + RULES);
  const steering = await Steering.open({
    configFile: join(folder, 'missing.yaml'),
    config: { ...config, node: { ...config.node, runDir: folder } },
    build: 'test',
    state: store.state,
    telemetry: store.telemetry,
    publisher,
    event: (event) => events.push(event),
    legacyServes: () => true,
    log: (_, message) => logged.push(message),
    nowMs: () => clock.nowMs,
  });
  onTestFinished(async () => {
    await steering.close();
    publisher.stop();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const paths = () => (publisher.current.config.rules ?? []).map(({ path }) => path);
  return { steering, publisher, clock, events, logged, paths };
}

test('a rule whose last day is over leaves the snapshot and begins a new epoch, by config and with its name', async () => {
  const { steering, publisher, clock, events, paths } = await steered();
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
  const { steering, clock, paths, logged } = await steered();
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
