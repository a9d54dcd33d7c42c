import { onTestFinished } from 'vitest';
import { wallMs } from '../../src/core/clock.ts';
import type { SiemReading } from '../../src/rollout/gates/siem.ts';
import { encodeLine, lineOf } from '../../src/siem/event-line.ts';
import { IndexerClient } from '../../src/siem/indexer-client.ts';
import type { IndexerConfig } from '../../src/siem/queries.ts';
import { readAlerts } from '../../src/siem/reader.ts';
import { windowLines } from '../../src/siem/window-lines.ts';
import { windowOf } from '../rollout/gates-fixtures.ts';
import type { Shown } from '../rollout/gates-fixtures.ts';
import { certificate } from '../kit/certificates.ts';
import { USER, indexer } from '../kit/indexer.ts';
import type { TestIndexer } from '../kit/indexer.ts';

export const NODE = 'edge-1';

/** A heartbeat as it stands in the file. */
export function heartbeat(atMs = wallMs(), node = NODE): string {
  const fields = { beat: '1', build: 'b', phase: 'regional', epoch: '1', lost: '0' };
  return encodeLine(lineOf('heartbeat', fields), node, atMs, 0);
}

/** The lines of one window. */
export function errorLines(shown: Shown, options: { epoch?: number; node?: string } = {}): string[] {
  const { epoch = 1, node = NODE } = options;
  const { lines } = windowLines(windowOf(0, [shown], epoch), 'regional');
  return lines.map((line) => encodeLine(line, node, wallMs(), 0));
}

export const FAILING: Shown = { candidate: { requests: 100, bad: 12 } };

/** An indexer, and one question after the other. */
export async function asked(version: 4 | 5 = 4, changes: Partial<IndexerConfig> = {}) {
  const server = await indexer({ version });
  const config: IndexerConfig = {
    url: server.url,
    version,
    index: null,
    username: USER.name,
    password: USER.password,
    ca: certificate('ca.pem'),
    lagMs: 2_000,
    spanMs: 60_000,
    intervalMs: 1_000,
    timeoutMs: 3_000,
    ...changes,
  };
  const client = new IndexerClient(config);
  onTestFinished(async () => {
    await client.close();
    await server.stop();
  });
  const ask = async (ours: { lastLostMs?: number; nowMs?: number; epoch?: number } = {}) => {
    const { lastLostMs = null, nowMs = wallMs(), epoch = 1 } = ours;
    const question = { node: NODE, epoch, regions: ['eu-west', 'us-east'] };
    const known = { heartbeatMs: 1_000, nowMs: () => nowMs, lastLostMs: () => lastLostMs };
    const signal = new AbortController().signal;
    const readings = await readAlerts(client, config, question, known, signal);
    return readings[0] as SiemReading;
  };
  return { server, config, ask };
}

/** Puts a heartbeat there that is old enough to be complete. */
export function beat(server: TestIndexer, agoMs = 2_500): void {
  const atMs = wallMs() - agoMs;
  server.take(heartbeat(atMs), atMs + 100);
}
