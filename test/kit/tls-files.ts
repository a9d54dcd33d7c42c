import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import type { Agent } from 'node:https';
import { join } from 'node:path';
import { makeAuthority, makeCertificate, makeRevocationList } from './certificate-maker.ts';
import type { Made } from './certificate-maker.ts';

/** Who signs for servers, and who for clients. */
const servers = makeAuthority('servers');
const clients = makeAuthority('clients');

/** A client that stays, and one whose certificate is revoked now and then. */
export const client = makeCertificate({ by: clients, names: [['uri', 'spiffe://shop.example/web']] });
export const leaver = makeCertificate({ by: clients, names: [['uri', 'spiffe://shop.example/leaver']] });

/** What a client needs for a connection as somebody. */
export const as = ({ pem, key }: Made) => ({ cert: pem, key, ca: servers.pem, servername: 'localhost' });

/** Files of a listener, as an operator writes them. */
export class ListenerFiles {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    this.renew();
    this.revoke([]);
    writeFileSync(this.at('clients.pem'), clients.pem);
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  /** What `listen[].tls` says about them: clients have to show a certificate. */
  config() {
    return {
      cert: this.at('server.pem'),
      key: this.at('server.key'),
      clientAuth: 'required',
      clientCa: this.at('clients.pem'),
      crl: this.at('clients.crl'),
    };
  }

  /** Another certificate and key for the same name. */
  renew(): void {
    const made = makeCertificate({
      by: servers,
      name: 'localhost',
      purposes: ['1.3.6.1.5.5.7.3.1'],
      names: [['dns', 'localhost']],
    });
    writeFileSync(this.at('server.pem'), made.pem);
    writeFileSync(this.at('server.key'), made.key, { mode: 0o600 });
  }

  revoke(revoked: readonly Made[]): void {
    writeFileSync(this.at('clients.crl'), makeRevocationList(clients, revoked));
  }
}

/** One request over TLS. @returns its status, or what went wrong */
export function ask(
  port: number,
  agent: Agent,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve) => {
    const sent = request({ host: '127.0.0.1', port, path: '/x', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(String(response.statusCode)));
      response.on('error', (error) => resolve(error.message));
    });
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end();
  });
}
