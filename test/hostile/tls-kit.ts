import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { expect, onTestFinished } from 'vitest';
import type { ClientAuth, ClientPolicy, GatewayConfig, ListenerTls } from '../../src/core/snapshot.ts';
import { CA, SERVER_TLS } from '../kit/certificates.ts';
import { makeAuthority, makeCertificate } from '../kit/certificate-maker.ts';
import type { Made } from '../kit/certificate-maker.ts';
import { until } from '../kit/until.ts';
import { get, stage, statuses } from './kit.ts';
import type { Stage } from './kit.ts';

/** How a client connects. */
export interface Ask extends ConnectionOptions {
  /** Its certificate and those it sends along. */
  readonly as?: Made | null;
  readonly with?: readonly Made[];
  /** Requests, one after the other on one connection. */
  readonly bytes?: readonly string[];
}

/** What a client saw. */
export interface Seen {
  readonly text: string;
  readonly statuses: readonly number[];
  readonly session: Buffer | undefined;
  readonly reused: boolean;
  readonly error: string;
}

/** A gateway with an HTTPS listener, between clients with certificates and servers that record every byte. */
export interface SecureStage extends Stage {
  readonly ask: (how?: Ask) => Promise<Seen>;
  /** Replaces what the listener has, as a reload does. */
  readonly secure: (tls: ListenerTls) => void;
  readonly hold: (how?: Ask) => HeldClient;
}

/** Everything at its default. */
export const POLICY: ClientPolicy = {
  names: [],
  trustDomains: [],
  pins: [],
  maxDepth: 0,
  minRsaBits: 2_048,
  minEcBits: 256,
  maxLifetimeMs: 0,
};

/** Clients have to show a certificate of this authority. */
export function clientsOf(ca: Made | readonly Made[], rest: Partial<ClientAuth> = {}): ClientAuth {
  const authorities = Array.isArray(ca) ? (ca as readonly Made[]) : [ca as Made];
  const pem = authorities.map((one) => one.pem).join('');
  return { mode: 'required', ca: pem, crl: null, crlFailure: 'closed', policy: POLICY, ...rest };
}

/** The listener's own certificate with this policy. */
export function secured(client?: ClientAuth, rest: Partial<ListenerTls> = {}): ListenerTls {
  return { ...SERVER_TLS, ...(client === undefined ? {} : { client }), ...rest };
}

/** Builds it. */
export async function secureStage(
  tls: ListenerTls,
  config: Partial<GatewayConfig> = {},
): Promise<SecureStage> {
  const listeners = [{ host: '127.0.0.1', port: 0, region: null, tls }];
  const on = await stage({ config: () => ({ listeners, ...config }) });
  on.gateway.gateway.useTicketKeys({ current: randomBytes(48), previous: null });
  return {
    ...on,
    hold: (how) => new HeldClient(on.port, how),
    ask: (how) => askOnce(on.port, how),
    secure: (next) => void on.gateway.apply({ config: { listeners: [{ ...listeners[0]!, tls: next }] } }),
  };
}

/** One client from its handshake to its end. */
async function askOnce(fallbackPort: number, how: Ask = {}): Promise<Seen> {
  const client = new HeldClient(how.port ?? fallbackPort, how);
  const { bytes = [get('/asked')] } = how;
  for (const [index, request] of bytes.entries()) {
    client.write(request);
    await until(() => client.isOver || statuses(client.text).length > index, 'an answer or the end');
  }
  await client.settle();
  client.socket.end();
  await until(() => client.isOver, 'the end');
  return client.seen;
}

/** A client that stays. */
class HeldClient {
  readonly socket: TLSSocket;
  text = '';
  isOver = false;
  error = '';
  session: Buffer | undefined;
  private reused = false;

  constructor(port: number, { as = null, with: along = [], ...options }: Ask = {}) {
    const own = as === null ? {} : { cert: [as, ...along].map(({ pem }) => pem).join(''), key: as.key };
    this.socket = connect({ port, host: '127.0.0.1', ca: CA, servername: 'localhost', ...own, ...options });
    this.socket.on('data', (chunk: Buffer) => (this.text += chunk.toString('latin1')));
    this.socket.on('secureConnect', () => (this.reused = this.socket.isSessionReused()));
    this.socket.on('session', (session) => (this.session = session));
    this.socket.on(
      'error',
      (error: NodeJS.ErrnoException) => (this.error ||= `${error.code} ${error.message}`),
    );
    this.socket.on('close', () => (this.isOver = true));
    onTestFinished(() => void this.socket.destroy());
  }

  write(text: string): void {
    if (!this.socket.destroyed) this.socket.write(text, 'latin1');
  }

  /** Sends a request and waits for its answer, or the end. @returns its status, 0 for none */
  async ask(target = '/asked'): Promise<number> {
    const before = statuses(this.text).length;
    this.write(get(target));
    await until(() => this.isOver || statuses(this.text).length > before, 'an answer or the end');
    return statuses(this.text)[before] ?? 0;
  }

  /** Tickets of TLS 1.3 come behind the handshake: with the first answer at the latest. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  get seen(): Seen {
    const { text, session, error, reused } = this;
    return { text, statuses: statuses(text), session, reused, error };
  }
}

/** Expects that this client is refused, how it is, and that no server saw a byte. */
export async function expectDenied(on: SecureStage, how: Ask, status: 0 | 403 | 421): Promise<Seen> {
  on.legacy.forget();
  const seen = await on.ask(how);
  expect({ statuses: seen.statuses }).toEqual({ statuses: status === 0 ? [] : [status] });
  expect(on.legacy.bytes).toBe('');
  expect(on.candidate.bytes).toBe('');
  return seen;
}

/** Expects that this client is served: what was denied before was denied for what it was. */
export async function expectServed(on: SecureStage, how: Ask): Promise<Seen> {
  on.legacy.forget();
  const seen = await on.ask(how);
  expect({ statuses: seen.statuses, error: seen.error }).toEqual({ statuses: [200], error: '' });
  expect(on.legacy.lines).toEqual(['GET /asked']);
  return seen;
}

/** Reasons that were counted, by code. */
export function refusals(on: SecureStage): Readonly<Record<string, number>> {
  return on.gateway.summary().edge;
}

/** An authority and a client that it has made, for tests that need no others. */
export function family(): { readonly root: Made; readonly client: Made } {
  const root = makeAuthority('clients');
  return { root, client: makeCertificate({ by: root, names: [['uri', 'spiffe://shop.example/web']] }) };
}

/** Makes the certificates of the listeners below. */
const SERVERS = makeAuthority('servers');

/** The certificate of a listener for one name. */
export function serverFor(...names: string[]): { readonly cert: string; readonly key: string } {
  const made = makeCertificate({
    by: SERVERS,
    name: names[0] ?? '',
    purposes: ['1.3.6.1.5.5.7.3.1'],
    names: names.map((name) => ['dns', name] as const),
  });
  return { cert: made.pem, key: made.key };
}

/** A client that asks for a name of those. */
export const askingFor = (servername: string): Ask => ({ servername, ca: SERVERS.pem });

/** Both versions that are spoken: they resume sessions in different ways. */
export const VERSIONS = ['TLSv1.3', 'TLSv1.2'] as const;
export const speaking = (version: (typeof VERSIONS)[number]): Ask => ({
  minVersion: version,
  maxVersion: version,
});

/** The first message of a genuine client that asks for `localhost`. */
export async function helloBytes(): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new HeldClient((server.address() as AddressInfo).port);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.socket.destroy();
  socket.destroy();
  server.close();
  return bytes;
}
