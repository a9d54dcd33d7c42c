import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startNginx } from '../test/kit/nginx.ts';
import type { Nginx } from '../test/kit/nginx.ts';
import { temporaryFolder } from '../test/kit/process.ts';
import { makeCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { startHungServer } from './hung-server.ts';
import type { HungServer } from './hung-server.ts';
import { readConfig } from './template.ts';

/** Everything around a subject: the servers behind it, and the certificate it shows. */
export interface Stage {
  readonly legacyPort: number;
  readonly candidatePort: number;
  readonly hung: HungServer;
  /** The server that answers. */
  readonly pid: number;
  /** Null where there is no openssl. */
  readonly certificate: Certificate | null;
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

/** Starts it. @returns null when there is no nginx, which is the server behind every subject */
export async function openStage(): Promise<Stage | null> {
  const server = await startNginx({ text: readConfig('backend.conf', null) });
  if (server === null) return null;
  const folder = temporaryFolder('cutover-bench-tls');
  try {
    writeBodies(server);
    return staged(server, await startHungServer(), makeCertificate(folder.path), folder.remove);
  } catch (error) {
    await server.stop();
    folder.remove();
    throw error;
  }
}

function writeBodies(server: Nginx): void {
  const data = join(server.prefix, 'data');
  mkdirSync(data);
  // Started by root, nginx reads files as nobody.
  chmodSync(server.prefix, 0o711);
  for (const [name, bytes] of Object.entries(LARGE_BODIES))
    writeFileSync(join(data, name), jsonOfBytes(bytes));
}

function staged(
  server: Nginx,
  hung: HungServer,
  certificate: Certificate | null,
  removeFolder: () => void,
): Stage {
  const { ports, pid } = server;
  return {
    legacyPort: ports['legacyServer'] ?? 0,
    candidatePort: ports['candidateServer'] ?? 0,
    hung,
    pid,
    certificate,
    stop: async () => {
      await hung.stop();
      await server.stop();
      removeFolder();
    },
  };
}
