import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import type { GatewayConfig, RolloutView, Snapshot } from '../../../src/core/snapshot.ts';
import { prepareRunDir } from '../../../src/control/run-dir.ts';
import type { WorkerHandle } from '../../../src/control/worker-handle.ts';
import { WorkerSet } from '../../../src/control/worker-set.ts';
import type { WorkerSetOptions } from '../../../src/control/worker-set.ts';

export const STUB = new URL('./stub-worker.ts', import.meta.url);

/** What a stub worker answers. */
export interface StubAnswer {
  readonly pid: number;
  readonly revision: number;
  readonly phase: string;
  readonly bypass: boolean;
  readonly localBypass: boolean;
}

/** A run directory of its own. */
export async function newRunDir(): Promise<{ runDir: string; remove: () => void }> {
  const runDir = mkdtempSync(join(tmpdir(), 'cutover-run-'));
  await prepareRunDir(runDir);
  return { runDir, remove: () => rmSync(runDir, { recursive: true, force: true }) };
}

/** The parts of a configuration that the process side looks at. */
export function someConfig(hash = 'a', drainMs = 500): GatewayConfig {
  return {
    hash,
    listeners: [{ host: '127.0.0.1', port: 0, region: null }],
    timeouts: { drainMs },
    candidate: { upstreams: [], routes: [], filters: [] },
  } as unknown as GatewayConfig;
}

export function someView(): RolloutView {
  return {
    phase: 'shadow',
    bypass: false,
    epoch: 1,
    sample: 0,
    reverseSample: 0,
    canary: [],
    shares: {},
    salt: 1,
    tauUs: {},
  };
}

export function someSnapshot(revision = 1, hash = 'a'): Snapshot {
  return { revision, config: someConfig(hash), rollout: someView() };
}

/** What happened to the workers of a set, in order. */
export interface Witness {
  readonly ups: number[];
  readonly downs: { pid: number; how: string; retryInMs: number }[];
}

/** A set of stub workers that remembers what happened. */
export function stubWorkers(
  runDir: string,
  options: Partial<WorkerSetOptions> = {},
): { set: WorkerSet; witness: Witness; log: string[] } {
  const witness: Witness = { ups: [], downs: [] };
  const log: string[] = [];
  const snapshot = someSnapshot();
  const set = new WorkerSet({
    module: STUB,
    workers: 2,
    ports: [0],
    reusePort: true,
    runDir,
    snapshot: () => snapshot,
    listener: {
      onUp: (worker: WorkerHandle) => void witness.ups.push(worker.pid),
      onDown: (worker: WorkerHandle, how: string, retryInMs: number) =>
        void witness.downs.push({ pid: worker.pid, how, retryInMs }),
      onAcknowledged: () => {},
      onDelta: () => {},
    },
    log: (level, message) => void log.push(`${level} ${message}`),
    ...options,
  });
  return { set, witness, log };
}

/** Asks whichever worker the kernel picks. */
export async function ask(port: number, path = '/'): Promise<StubAnswer> {
  const { body } = await request(`http://127.0.0.1:${port}${path}`, { headersTimeout: 3_000 });
  return (await body.json()) as StubAnswer;
}
