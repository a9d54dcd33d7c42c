import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from '../certificate.ts';

/** What a proxy script is told: `node SCRIPT JSON`. */
interface Job {
  readonly legacyPort: number;
  readonly certificate: Certificate | null;
}

const job = JSON.parse(process.argv[2] ?? '{}') as Job;

/** Base URL of the server behind this proxy. */
export const LEGACY_URL = `http://127.0.0.1:${job.legacyPort}`;
export const LEGACY_PORT = job.legacyPort;

/** A server for clients, with TLS where the job has a certificate. */
export function clientServer(handler: RequestListener): Server {
  const options = { keepAlive: true, noDelay: true };
  if (job.certificate === null) return createServer(options, handler);
  const { certFile, keyFile } = job.certificate;
  return createTlsServer({ ...options, cert: readFileSync(certFile), key: readFileSync(keyFile) }, handler);
}

/** Where every script listens. */
export const LISTEN = { port: 0, host: '127.0.0.1', backlog: 4_096 };

/** Says where it listens. */
export function sayReady(server: Server): void {
  process.stdout.write(`ready ${(server.address() as AddressInfo).port}\n`);
}
