import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { headerOf } from '../../kit/answer-reader.ts';
import { gateway } from '../../kit/gateway.ts';
import type { RunningGateway, Settings } from '../../kit/gateway.ts';
import { fetchOnce } from '../../kit/http-client.ts';
import { temporaryFolder } from '../../kit/process.ts';
import { readMetrics, sumOf } from '../../kit/prometheus.ts';
import { upstream } from '../../kit/upstream.ts';

/** A folder with files of a user. */
interface Written {
  readonly folder: string;
  readonly write: (name: string, text: string) => void;
}

/** Files by their name, in a folder that goes with the test. */
export function written(files: Readonly<Record<string, string>>): Written {
  const { path: folder, remove } = temporaryFolder('cutover-filters');
  onTestFinished(remove);
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  return { folder, write };
}

/** A gateway with filters, and how many requests its candidate has seen. */
export interface GuardedGateway extends RunningGateway {
  readonly seen: () => number;
}

/** A gateway whose candidate answers everything, with these filters on its one route. */
export async function guarded(filters: Settings, config: Settings = {}): Promise<GuardedGateway> {
  const legacy = await upstream().status(200, 'legacy').start();
  const shop = await upstream()
    .respond(({ header }) => ({ body: `candidate ${header('x-plan') ?? ''}` }))
    .start();
  const running = await gateway()
    .legacy(legacy)
    .config({
      candidate: {
        upstreams: { shop: { servers: [shop.url] } },
        routes: [{ name: 'all', upstream: 'shop', filters: Object.keys(filters) }],
      },
      filters,
      rollout: { canary: { match: [{ from: '127.0.0.0/8' }] } },
      ...config,
    })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await Promise.all([legacy.stop(), shop.stop()]);
  });
  const moved = await running.cli(['advance', '--to', 'canary', '--force', '--reason', 'a test', '--yes']);
  if (moved.code !== 0) throw new Error(moved.stderr);
  return { ...running, seen: () => shop.count() };
}

/** One request: what matters of its answer. */
export async function ask(running: RunningGateway, target: string, request: object = {}) {
  const answer = await fetchOnce(running.url, { target, ...request });
  const text = answer.body.toString();
  return { status: answer.status, text, error: headerOf(answer, 'x-cutover-error') };
}

/** A count of one filter at `/metrics`. */
export async function callsOf(running: RunningGateway, filter: string, outcome: string): Promise<number> {
  const page = (await running.admin('/metrics')).body.toString();
  return sumOf(readMetrics(page), 'cutover_filter_calls_total', { filter, outcome });
}
