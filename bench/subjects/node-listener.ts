import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { AUDIENCE, ISSUER } from '../../test/kit/tokens.ts';
import type { Certificate } from '../certificate.ts';

/** What a proxy script is told: `node SCRIPT JSON`. */
interface Job {
  readonly legacyPort: number;
  readonly certificate: Certificate | null;
  readonly clientCaFile?: string;
  readonly keySetFile?: string;
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
  const clients =
    job.clientCaFile === undefined
      ? {}
      : { requestCert: true, rejectUnauthorized: true, ca: readFileSync(job.clientCaFile) };
  const own = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  return createTlsServer({ ...options, ...own, ...clients }, handler);
}

/** Whether a request may pass: verified by jose each time, as everybody writes it; everybody may where no token is asked for. */
export type Door = (request: IncomingMessage) => Promise<boolean>;

/** The door of this job; null where there is none. */
export function doorOf(): Door | null {
  if (job.keySetFile === undefined) return null;
  const keys = createLocalJWKSet(JSON.parse(readFileSync(job.keySetFile, 'utf8')) as JSONWebKeySet);
  return async ({ headers }) => {
    const token = (headers.authorization ?? '').replace(/^Bearer /, '');
    return await jwtVerify(token, keys, { issuer: ISSUER, audience: AUDIENCE, algorithms: ['ES256'] }).then(
      () => true,
      () => false,
    );
  };
}

/** Where every script listens. */
export const LISTEN = { port: 0, host: '127.0.0.1', backlog: 4_096 };

/** Says where it listens. */
export function sayReady(server: Server): void {
  process.stdout.write(`ready ${(server.address() as AddressInfo).port}\n`);
}
