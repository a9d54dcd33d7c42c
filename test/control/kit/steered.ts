import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CompiledConfig } from '../../../src/config/compile.ts';
import type { CutoverEvent } from '../../../src/core/events.ts';
import { Publisher } from '../../../src/control/publisher.ts';
import { Steering } from '../../../src/control/steering.ts';
import type { SteeringOptions } from '../../../src/control/steering.ts';
import type { StateStore } from '../../../src/rollout/ports.ts';
import { openSqliteStore } from '../../../src/store/sqlite/store.ts';
import { mergeWindows } from '../../../src/telemetry/merge.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

interface Steered {
  /** What the store does differently. */
  readonly store?: (state: StateStore) => StateStore;
  readonly options?: Partial<SteeringOptions>;
}

/** A rollout over a real store, whose clock the test may move and whose workers nobody waits for. */
export async function steered(config: CompiledConfig, { store: wrap, options }: Steered = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-steered-'));
  const retention = { windowsMs: DAY_MS, examplesMs: DAY_MS, eventsMs: DAY_MS, maxBytes: 1e9 };
  const store = openSqliteStore({ file: join(folder, 'cutover.db'), retention, mergeWindows });
  const events: CutoverEvent[] = [];
  const logged: string[] = [];
  const publisher = new Publisher({
    send: () => {},
    workers: () => [],
    onInEffect: () => {},
    onLate: () => {},
    onStuck: () => {},
  });
  const steering = await Steering.open({
    configFile: join(folder, 'missing.yaml'),
    config: { ...config, node: { ...config.node, runDir: folder } },
    build: 'test',
    state: wrap?.(store.state) ?? store.state,
    telemetry: store.telemetry,
    publisher,
    event: (event) => events.push(event),
    legacyServes: () => true,
    log: (_, message) => logged.push(message),
    ...options,
  });
  onTestFinished(async () => {
    await steering.close();
    publisher.stop();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { steering, publisher, events, logged };
}
