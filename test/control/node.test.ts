import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { loadOrThrow } from '../../src/control/load-config.ts';
import { lockRunDir } from '../../src/control/lock.ts';
import { GatewayNode } from '../../src/control/node.ts';
import { prepareRunDir } from '../../src/control/run-dir.ts';
import type { CutoverEvent } from '../../src/core/events.ts';
import { openSqliteReader } from '../../src/store/sqlite/store.ts';
import { NodeFolder } from './kit/nodes.ts';
import { STUB } from './kit/workers.ts';

let place: NodeFolder;

beforeEach(async () => {
  place = await new NodeFolder().configure({ workers: 1 });
});

afterEach(() => place.remove());

const SLOW: CutoverEvent = { type: 'worker_slow', pid: 1, slot: 0, loopDelayMs: 500 };

/** A node that acts and has started no worker. */
async function actingNode(folder = place) {
  const { configFile } = folder;
  const config = loadOrThrow(configFile, () => undefined);
  const paths = await prepareRunDir(config.node.runDir);
  const build = { name: '1.0.0+1', madeMs: 1 };
  const options = { configFile, log: () => undefined, workerModule: STUB, build };
  const node = await GatewayNode.open(config, options, lockRunDir(paths));
  onTestFinished(() => node.close());
  return { node, storeFile: config.node.store.file, lock: () => lockRunDir(paths) };
}

async function storedEvents(storeFile: string): Promise<string[]> {
  const store = openSqliteReader(storeFile);
  const events = await store.telemetry.readEvents(0, 1_000);
  await store.close();
  return events.map(({ event }) => event.type);
}

test('what happens while a supervisor lets go is stored before anybody else can act', async () => {
  const { node, storeFile, lock } = await actingNode();
  const { steering } = node;
  const close = steering.close.bind(steering);
  steering.close = async () => {
    await close();
    node.hub.event(SLOW);
  };
  await node.standDown();
  expect(await storedEvents(storeFile)).toContain('worker_slow');
  lock().release();
});

test('a supervisor that could not act again numbers no events', async () => {
  const { node, storeFile, lock } = await actingNode();
  await node.standDown();
  // Another node on the same store has the lease.
  const other = await new NodeFolder().configure({ workers: 1, store: { sqlite: storeFile } });
  onTestFinished(() => other.remove());
  await actingNode(other);
  const again = lock();
  await expect(node.act(again)).rejects.toMatchObject({ code: 'LEASE_HELD' });
  again.release();
  const before = node.hub.events.after(0).length;
  node.hub.event(SLOW);
  expect(node.hub.events.after(0).length).toBe(before);
});
