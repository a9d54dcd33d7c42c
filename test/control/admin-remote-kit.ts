import { request as ask } from 'node:https';
import type { RequestOptions } from 'node:https';
import { onTestFinished } from 'vitest';
import type { AdminPrincipal, RemoteAdmin } from '../../src/config/plan.ts';
import { AdminDesk } from '../../src/control/admin-desk.ts';
import { createAdminClient } from '../../src/control/admin-client.ts';
import type { AdminClient } from '../../src/control/admin-client.ts';
import type { AdminDenial } from '../../src/control/admin-remote-gate.ts';
import type { AdminRole } from '../../src/core/admin-role.ts';
import { sha256Hex } from '../../src/core/hash.ts';
import type { ClientAuth, NameRule } from '../../src/core/snapshot.ts';
import type { JwtFilterConfig } from '../../src/core/token-policy.ts';
import { makeAuthority, makeCertificate } from '../kit/certificate-maker.ts';
import type { Made } from '../kit/certificate-maker.ts';
import { CA, SERVER_TLS } from '../kit/certificates.ts';
import { freePorts } from '../kit/process.ts';
import { clientsOf } from '../hostile/tls-kit.ts';
import { testBackend } from './admin-kit.ts';

/** Who makes the certificates of people, and one that nobody here knows. */
export const PEOPLE = makeAuthority('people');
export const STRANGERS = makeAuthority('strangers');

export const CLIENTS: ClientAuth = clientsOf(PEOPLE, { mode: 'optional' });

/** A principal that has a token. */
export const holder = (name: string, role: AdminRole, token: string): AdminPrincipal => ({
  name,
  role,
  tokenHash: sha256Hex(token),
  certificate: null,
  policy: null,
});

/** A principal that a certificate names. */
export const named = (name: string, role: AdminRole, certificate: NameRule): AdminPrincipal => ({
  name,
  role,
  tokenHash: null,
  certificate,
  policy: null,
});

/** A principal whose tokens meet a policy. */
export const meeting = (name: string, role: AdminRole, policy: JwtFilterConfig): AdminPrincipal => ({
  name,
  role,
  tokenHash: null,
  certificate: null,
  policy,
});

/** The certificate of a person, by its URI. */
export const personOf = (uri: string, by: Made = PEOPLE): Made =>
  makeCertificate({ by, names: [['uri', uri]] });

export interface Answer {
  /** 0: the handshake failed. */
  readonly status: number;
  readonly text: string;
}

/** One request with whatever TLS options and fields; a refused handshake is status 0. */
export async function askRemote(
  port: number,
  path: string,
  options: RequestOptions = {},
  body?: string,
): Promise<Answer> {
  return await new Promise((resolve) => {
    const request = ask(
      { host: 'localhost', port, path, ca: CA, agent: false, timeout: 10_000, ...options },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    request.on('error', (error) => resolve({ status: 0, text: error.message }));
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.end(body);
  });
}

/** A remote admin API on a free port, with what it refused and said. */
export async function remoteAdmin(
  principals: readonly AdminPrincipal[],
  client: ClientAuth | null = CLIENTS,
) {
  const backend = await testBackend();
  const [port = 0] = await freePorts(1);
  const denials: AdminDenial[] = [];
  const log: string[] = [];
  const desk = new AdminDesk({
    backend,
    denied: (denial) => denials.push(denial),
    log: (line) => log.push(line),
    told: (line) => log.push(line),
  });
  const remote: RemoteAdmin = { host: '127.0.0.1', port, ...SERVER_TLS, client, principals };
  await desk.follow(remote);
  onTestFinished(async () => {
    await desk.close();
    await backend.controller.close();
  });
  return { backend, desk, remote, port, denials, log };
}

/** A client of it that ends with the test. */
export function clientOf(port: number, shown: { token?: string; as?: Made }): AdminClient {
  const { token, as } = shown;
  const client = createAdminClient({
    address: `localhost:${port}`,
    tls: { ca: CA, ...(as === undefined ? {} : { cert: as.pem, key: as.key }) },
    ...(token === undefined ? {} : { token }),
  });
  onTestFinished(() => client.close());
  return client;
}
