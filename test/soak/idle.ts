import { monotonicMs } from '../../src/core/clock.ts';
import { idleCrowd } from '../kit/chaos-idle.ts';
import { gateway } from '../kit/gateway.ts';
import { load } from '../kit/load.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';
import { descriptorsOf, rssOf } from './processes.ts';

/** What a crowd of idle connections cost one worker. */
export interface IdleFigures {
  readonly connections: number;
  /** Resident bytes for each, above what the worker had when it was warm. */
  readonly bytesEach: number;
  /** Errors, and the latency that 99 of 100 requests of others did not exceed, while they were open. */
  readonly errors: readonly string[];
  readonly p99Ms: number;
  /** From the last request of the crowd until all were closed. */
  readonly closedAfterMs: number;
  /** Growth with a second crowd of the same size, as a share of that with the first: 1 when all memory is used again. */
  readonly secondShare: number;
  /** Descriptors left over; connections to the server stay in the pool, as many as were busy at a time. */
  readonly descriptorsLeft: number;
}

const WARM_REQUESTS = 2_000;

/** Opens a crowd on one worker, serves others meanwhile, and waits until keep-alive has ended every one of it. */
export async function measureIdle(connections: number, idleMs: number): Promise<IdleFigures> {
  const service = await upstream().start();
  const running = await gateway()
    .legacy(service)
    .candidate(service)
    .config({
      timeouts: { keepAliveIdle: `${idleMs}ms` },
      rollout: { shadow: { sample: '0%' } },
    })
    .start();
  try {
    const { url } = running;
    const [pid = 0] = running.pids().workers;
    await load({ url, clients: 8, requestsPerClient: WARM_REQUESTS / 8 });
    const others = { url, clients: 4, requestsPerClient: 100, ratePerSecond: 200 };
    const count = async (): Promise<number> => (await running.status()).workers[0]?.connections ?? 0;
    await until(async () => (await count()) === 0, 'the warm clients to be gone');
    const before = { rss: rssOf(pid), descriptors: descriptorsOf(pid) };
    const crowd = await idleCrowd(url, connections);
    const openedMs = monotonicMs();
    await until(async () => (await count()) === connections, 'the crowd to be counted');
    const high = rssOf(pid);
    const { errors, quantileMs } = await load(others);
    await until(() => crowd.open() === 0, 'the crowd to be closed', idleMs + 30_000);
    const closedAfterMs = monotonicMs() - openedMs;
    await load(others);
    await until(async () => (await count()) === 0, 'the connections to be gone');
    const descriptorsLeft = descriptorsOf(pid) - before.descriptors;
    const second = await idleCrowd(url, connections);
    await until(async () => (await count()) === connections, 'the second crowd to be counted');
    const growth = high - before.rss;
    const secondShare = (rssOf(pid) - before.rss) / growth;
    second.stop();
    return {
      connections,
      bytesEach: Math.round(growth / connections),
      errors: errors.map(String),
      p99Ms: quantileMs(0.99),
      closedAfterMs,
      secondShare,
      descriptorsLeft,
    };
  } finally {
    await running.stop();
    await service.stop();
  }
}
