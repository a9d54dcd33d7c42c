import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchOnce } from '../test/kit/http-client.ts';
import { startNginx } from '../test/kit/nginx.ts';
import type { Nginx } from '../test/kit/nginx.ts';
import { temporaryFolder } from '../test/kit/process.ts';
import { makeCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { makeCredentials } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { startHungServer } from './hung-server.ts';
import type { HungServer } from './hung-server.ts';
import { readConfig } from './template.ts';

/** Everything around a subject: the servers behind it, and the certificate it shows. */
export interface Stage {
  readonly legacyPort: number;
  readonly candidatePort: number;
  readonly hung: HungServer;
  /** The servers that answer. */
  readonly pids: readonly number[];
  /** Copies that have reached a candidate so far; of a hung one, its connections. */
  readonly copies: (candidate: 'healthy' | 'hung') => Promise<number>;
  /** Null where there is no openssl. */
  readonly certificate: Certificate | null;
  /** Who clients are, where they have to be somebody; null where nobody asks. */
  readonly credentials: Credentials | null;
  readonly stop: () => Promise<void>;
}

const LARGE_BODIES = { '20k': 20 * 1024, '1m': 1024 * 1024 };

/** JSON of about so many bytes, at least: a list of items, as an API answers it. */
function jsonOfBytes(bytes: number): string {
  const items: string[] = [];
  let total = 0;
  for (let id = 1; total < bytes; id += 1) {
    const item = JSON.stringify({ id, name: `item ${id}`, price: (id * 37) / 100, stock: (id * 7) % 48 });
    items.push(item);
    total += item.length + 1;
  }
  return `{"items":[${items.join(',')}]}`;
}

/**
 * Starts it.
 * @param knowsClients makes certificates and tokens for clients, which takes seconds
 * @returns null when there is no nginx, which is the server behind every subject
 */
export async function openStage(knowsClients: boolean): Promise<Stage | null> {
  const servers: Nginx[] = [];
  // Legacy and candidate: the second one counts nothing but copies.
  for (let count = 0; count < 2; count += 1) {
    const server = await startNginx({ text: readConfig('backend.conf', null) });
    if (server === null) return null;
    servers.push(server);
  }
  const folder = temporaryFolder('cutover-bench-tls');
  try {
    for (const [lane, server] of servers.entries()) writeBodies(server, lane);
    const certificate = makeCertificate(folder.path);
    const credentials = knowsClients ? await makeCredentials(folder.path) : null;
    return staged(servers, await startHungServer(), { certificate, credentials }, folder.remove);
  } catch (error) {
    for (const server of servers) await server.stop();
    folder.remove();
    throw error;
  }
}

function writeBodies(server: Nginx, lane: number): void {
  const data = join(server.prefix, 'data');
  mkdirSync(data);
  // Started by root, nginx reads files as nobody.
  chmodSync(server.prefix, 0o711);
  for (const [name, bytes] of Object.entries(LARGE_BODIES))
    writeFileSync(join(data, name), jsonOfBytes(bytes));
  const last = `"pad":${lane}}`;
  writeFileSync(join(data, '20k-lanes'), jsonOfBytes(LARGE_BODIES['20k']).replace(/}$/, `,${last}`));
}

/** How many requests a server has handled, but for these questions. */
function counterOf(url: string): () => Promise<number> {
  let asked = 0;
  return async () => {
    asked += 1;
    const text = (await fetchOnce(`${url}/_status`)).body.toString();
    return Number(/requests\s+\d+ \d+ (\d+)/.exec(text)?.[1]) - asked;
  };
}

function staged(
  servers: readonly Nginx[],
  hung: HungServer,
  identity: Pick<Stage, 'certificate' | 'credentials'>,
  removeFolder: () => void,
): Stage {
  const [legacyPort = 0, candidatePort = 0] = servers.map((server) => server.ports['server']);
  const healthy = counterOf(`http://127.0.0.1:${candidatePort}`);
  return {
    legacyPort,
    candidatePort,
    hung,
    pids: servers.map((server) => server.pid),
    copies: async (candidate) => (candidate === 'hung' ? hung.accepted() : healthy()),
    ...identity,
    stop: async () => {
      await hung.stop();
      for (const server of servers) await server.stop();
      removeFolder();
    },
  };
}
