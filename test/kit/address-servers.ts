import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A service on one port of several addresses of this machine; each answers with its address. */
export async function addressServers(
  ...hosts: string[]
): Promise<{ port: number; stop: (host: string) => void }> {
  const servers = new Map<string, Server>();
  const listen = (host: string, port: number) =>
    new Promise<number>((resolve, reject) => {
      const server = createServer((_request, response) => void setTimeout(() => response.end(host), 2));
      servers.set(host, server);
      server.once('error', reject);
      server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
    });
  const stop = (host: string) => {
    servers.get(host)?.close();
    servers.get(host)?.closeAllConnections();
  };
  onTestFinished(() => hosts.forEach(stop));
  const port = await listen(hosts[0] as string, 0);
  for (const host of hosts.slice(1)) await listen(host, port);
  return { port, stop };
}
