import { HeaderFields } from '../../../src/core/headers.ts';
import { seededRandom } from '../../../src/core/random.ts';
import type { UpstreamPolicy } from '../../../src/core/snapshot.ts';
import { ServerGroup } from '../../../src/gateway/upstreams/group.ts';
import type { Server } from '../../../src/gateway/upstreams/server.ts';
import { createPool } from '../../../src/wire/pool.ts';
import type { OutboundHead } from '../../../src/wire/types.ts';
import { upstreamPolicy } from '../../kit/snapshot.ts';

/** A request as an upstream sees it. */
export function request(method = 'GET', fields: readonly string[] = []): OutboundHead {
  return {
    method,
    target: '/',
    host: 'a',
    fields: new HeaderFields([...fields]),
    framing: method === 'POST' ? 'length' : 'none',
    contentLength: method === 'POST' ? 3 : 0,
    upgrade: '',
  };
}

/** A group of servers that nobody connects to, on a clock that the test turns. */
export class TestGroup {
  nowMs = 100_000;
  readonly unhealthy = new Set<string>();
  readonly group: ServerGroup;

  constructor(hosts: readonly string[], policy: Partial<UpstreamPolicy> = {}, seed = 1) {
    const full = upstreamPolicy({ slowStartMs: 0, ...policy });
    this.group = new ServerGroup({
      policy: full,
      ejection: full.ejection,
      random: seededRandom(seed),
      clock: () => this.nowMs,
      open: ({ host, server }) =>
        createPool({
          host,
          port: server.port,
          timeouts: { connectMs: 1, firstByteMs: 1, idleMs: 1, totalMs: 1 },
          maxConnections: 1,
          maxWaiting: 1,
          retry: false,
        }),
      isHealthy: (key) => !this.unhealthy.has(key.split(' ')[1] as string),
    });
    this.become(hosts);
  }

  /** Replaces the servers. */
  become(hosts: readonly string[]): void {
    const server = { scheme: 'http', host: 'a', port: 1 } as const;
    this.group.setServers(
      hosts.map((host, entry) => ({ entry, server: { ...server, host }, host, weight: 1 })),
    );
  }

  server(host: string): Server {
    return this.group.servers.find(({ address }) => address.host === host) as Server;
  }

  /** Which servers so many requests go to, in their order. */
  picks(count: number, head: OutboundHead = request()): string[] {
    return Array.from({ length: count }, () => this.group.pick(head).address.host);
  }

  /** How many of so many requests go to each server. */
  counts(count: number, head: (index: number) => OutboundHead = () => request()): Record<string, number> {
    const counts: Record<string, number> = {};
    for (let index = 0; index < count; index += 1) {
      const { host } = this.group.pick(head(index)).address;
      counts[host] = (counts[host] ?? 0) + 1;
    }
    return counts;
  }

  /** One request to a server that fails, as the call tells it. */
  fail(host: string, isUnreachable = false): void {
    this.group.failed(this.server(host), isUnreachable, 'closed');
  }
}
