import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdminClient } from '../control/admin-client.ts';
import type { AdminClient } from '../control/admin-client.ts';
import { readAdminToken } from '../control/admin-token.ts';
import { listWorkers } from '../control/run-dir.ts';
import type { Status } from '../control/schema/status.ts';
import { monotonicMs } from '../core/clock.ts';
import { CutoverError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { startChild } from './child.ts';
import type { Child, ChildOptions } from './child.ts';
import type { Layout } from './layout.ts';

const LOOK_MS = 25;
const LOG_LINES = 12;

/** The real product, started by `cutover run`. */
export interface RunningGateway {
  readonly client: AdminClient;
  /** Rejects when it ends before it is stopped. */
  readonly died: Promise<never>;
  stop(): Promise<void>;
}

/** Writes the configuration; nothing is told about it. JSON is YAML. */
export function writeConfiguration(layout: Layout, settings: object): void {
  writeFileSync(layout.configFile, `${JSON.stringify(settings, null, 2)}\n`);
}

/**
 * Starts the gateway and waits until every worker serves.
 * @param program path of bin/cutover.js
 * @throws CutoverError GATEWAY with the end of its log when it does not come up
 */
export async function startGateway(
  program: string,
  layout: Layout,
  options: ChildOptions,
): Promise<RunningGateway> {
  const child = await startChild(process.execPath, [program, 'run', '-c', layout.configFile], options);
  try {
    const client = await serving(child, layout);
    return running(child, client, layout);
  } catch (error) {
    await stopAll(child, layout);
    throw error;
  }
}

function running(child: Child, client: AdminClient, layout: Layout): RunningGateway {
  let stopping = false;
  const died = child.exited.then(async (how): Promise<never> => {
    if (stopping) return await new Promise<never>(() => {});
    throw ended(child, how);
  });
  // Nobody may be waiting when it happens.
  died.catch(() => {});
  return {
    client,
    died,
    async stop() {
      stopping = true;
      await client.close();
      await stopAll(child, layout);
    },
  };
}

/** The token is made while the gateway starts, so each look is one with what is there. */
async function serving(child: Child, layout: Layout): Promise<AdminClient> {
  const deadlineMs = monotonicMs() + LIMITS.rehearsalStartMs;
  const looker = createAdminClient({ address: layout.admin, timeoutMs: LIMITS.rehearsalPollMs });
  try {
    for (;;) {
      const how = child.ended();
      if (how !== null) throw ended(child, how);
      if (serves(await looker.status().catch(() => null))) break;
      if (monotonicMs() > deadlineMs) throw ended(child, 'no sign of life');
      await sleep(LOOK_MS);
    }
  } finally {
    await looker.close();
  }
  const token = await readAdminToken(layout.runDir);
  return createAdminClient({ address: layout.admin, token });
}

function serves(status: Status | null): boolean {
  if (status === null || status.workers.length === 0) return false;
  return status.snapshot.inEffect && status.workers.every(({ state }) => state === 'serving');
}

async function stopAll(child: Child, layout: Layout): Promise<void> {
  await child.stop();
  // Workers outlive a supervisor that was killed.
  for (const { pid } of await listWorkers(layout.runDir)) kill(pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

function ended(child: Child, how: number | string): CutoverError {
  const log = `${child.out()}${child.err()}`.trimEnd().split('\n').slice(-LOG_LINES).join('\n');
  return new CutoverError('GATEWAY', `the gateway of the rehearsal ended (${how}):\n${log}`, {
    hint: 'run it again with --keep and look at its folder',
  });
}
