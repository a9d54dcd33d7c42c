import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect } from 'node:tls';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeAuthority, makeCertificate, makeRevocationList } from '../kit/certificate-maker.ts';
import type { Made } from '../kit/certificate-maker.ts';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import { temporaryFolder } from '../kit/process.ts';
import { until } from '../kit/until.ts';

/** The long form takes a minute: `CUTOVER_TLS_SECONDS=60`. */
const SECONDS = Number(process.env['CUTOVER_TLS_SECONDS'] ?? '8');
const PER_SECOND = 500;
const TEST_MS = SECONDS * 1_000 + 90_000;

const servers = makeAuthority('servers');
const clients = makeAuthority('clients');
const client = makeCertificate({ by: clients, names: [['uri', 'spiffe://shop.example/web']] });
const leaver = makeCertificate({ by: clients, names: [['uri', 'spiffe://shop.example/leaver']] });

/** Files of a listener, as an operator writes them. */
class Files {
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

interface Running {
  readonly running: RunningGateway;
  readonly files: Files;
  readonly port: number;
  /** Fields that reached the lane, of each request. */
  readonly seen: string[];
}

async function start(): Promise<Running> {
  const { path, remove } = temporaryFolder('cutover-tls');
  onTestFinished(remove);
  const files = new Files(path);
  const seen: string[] = [];
  const legacy = createServer((asked, response) => {
    if (seen.length < 1_000) seen.push(String(asked.headers['x-forwarded-client-cert']));
    response.end('ok');
  });
  await new Promise<void>((resolve) => legacy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    legacy.closeAllConnections();
    legacy.close();
  });
  const target = `http://127.0.0.1:${(legacy.address() as AddressInfo).port}`;
  const tls = {
    cert: files.at('server.pem'),
    key: files.at('server.key'),
    clientAuth: 'required',
    clientCa: files.at('clients.pem'),
    crl: files.at('clients.crl'),
    forwardClientCert: ['uri'],
  };
  const running = await gateway()
    .legacy(target)
    .candidate(target)
    .config({
      listen: [{ address: '127.0.0.1:0', tls }],
      workers: 2,
      accessLog: { file: './access.log' },
      rollout: { window: '1s', shadow: { sample: '0%' } },
    })
    .start();
  onTestFinished(() => running.stop());
  return { running, files, port: Number(new URL(running.url).port), seen };
}

const as = ({ pem, key }: Made) => ({ cert: pem, key, ca: servers.pem, servername: 'localhost' });

/** One request. @returns its status, or what went wrong */
function ask(port: number, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const sent = request({ host: '127.0.0.1', port, path: '/x', agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(String(response.statusCode)));
      response.on('error', (error) => resolve(error.message));
    });
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end();
  });
}

/** The certificate that a new handshake shows, and whether a session was taken up. */
function handshake(
  port: number,
  session?: Buffer,
): Promise<{ shown: string; reused: boolean; session?: Buffer }> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      ...as(client),
      ...(session === undefined ? {} : { session }),
    });
    let ticket: Buffer | undefined;
    let reused = false;
    socket.on('session', (got) => (ticket = got));
    socket.on('secureConnect', () => {
      reused = socket.isSessionReused();
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    });
    socket.on('error', reject);
    const shown = () => socket.getPeerX509Certificate()?.serialNumber ?? '';
    let serial = '';
    socket.on('data', () => (serial ||= shown()));
    socket.on('end', () =>
      resolve({ shown: serial, reused, ...(ticket === undefined ? {} : { session: ticket }) }),
    );
  });
}

test(
  'a session is resumed by whichever of two workers gets the connection, and the client stands in the access log',
  async () => {
    const { running, port, seen } = await start();
    const { session } = await handshake(port);
    const taken = await Promise.all(Array.from({ length: 24 }, () => handshake(port, session)));
    expect(taken.filter(({ reused }) => reused).length).toBe(24);
    const connections = await Promise.all(Array.from({ length: 24 }, () => handshake(port)));
    expect(connections.every(({ reused }) => !reused)).toBe(true);
    expect(running.pids().workers.length).toBe(2);
    expect(new Set(seen)).toEqual(new Set(['URI=spiffe://shop.example/web']));
    const log = () => readFileSync(join(running.folder, 'access.log'), 'utf8');
    await until(
      () => log().includes('"tls.client.identity":"spiffe://shop.example/web"'),
      'the line',
      15_000,
    );
    // The keys of tickets are nobody's to see.
    const status = JSON.stringify(await running.status());
    expect(status).not.toMatch(/ticketKeys|PRIVATE KEY|BEGIN/);
  },
  TEST_MS,
);

test(
  'a reload gives new handshakes the new certificate, keeps connections, and closes those that were revoked',
  async () => {
    const { running, files, port } = await start();
    const kept = new Agent({ keepAlive: true, maxSockets: 1, ...as(client) });
    const leaving = new Agent({ keepAlive: true, maxSockets: 1, ...as(leaver) });
    onTestFinished(() => (kept.destroy(), leaving.destroy()));
    const sockets: unknown[] = [];
    kept.on('free', (socket) => sockets.push(socket));
    expect([await ask(port, kept), await ask(port, leaving)]).toEqual(['200', '200']);
    const before = await handshake(port);
    files.renew();
    files.revoke([leaver]);
    const { code, stdout } = await running.cli(['reload']);
    expect([code, stdout]).toEqual([0, expect.not.stringContaining('restart')]);
    expect((await handshake(port)).shown).not.toBe(before.shown);
    expect([await ask(port, kept), await ask(port, leaving)]).toEqual(['200', '403']);
    expect(new Set(sockets).size).toBe(1);
    expect(await ask(port, new Agent(as(leaver)))).not.toBe('200');
    // What cannot be used changes nothing.
    writeFileSync(files.at('server.key'), 'no key');
    expect((await running.cli(['reload'])).code).toBe(2);
    expect(await ask(port, kept)).toBe('200');
    const log = () => readFileSync(join(running.folder, 'access.log'), 'utf8');
    await until(() => log().includes('revoked: spiffe://shop.example/leaver'), 'the reason', 15_000);
    const told =
      'not let in: client_certificate, revoked; the last from 127.0.0.1 as spiffe://shop.example/leaver';
    await until(() => running.log().includes(told), 'the event', 15_000);
  },
  TEST_MS,
);

test(
  'no request fails while certificate, key and lists change all the time under load',
  async () => {
    const { running, files, port } = await start();
    const kept = new Agent({ keepAlive: true, maxSockets: 32, ...as(client) });
    onTestFinished(() => kept.destroy());
    const answers = new Map<string, number>();
    const first = await handshake(port);
    let reloads = 0;
    const over = new AbortController();
    const changing = (async () => {
      while (!over.signal.aborted) {
        files.renew();
        files.revoke(reloads % 2 === 0 ? [leaver] : []);
        process.kill(running.pids().supervisor, 'SIGHUP');
        reloads += 1;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    })();
    const pending: Promise<void>[] = [];
    const note = (answer: string) => void answers.set(answer, (answers.get(answer) ?? 0) + 1);
    const startMs = performance.now();
    for (let sent = 0; sent < SECONDS * PER_SECOND;) {
      const due = Math.min(SECONDS * PER_SECOND, ((performance.now() - startMs) / 1_000) * PER_SECOND);
      // Every tenth on a connection of its own: a handshake, in full or resumed.
      for (; sent < due; sent += 1)
        pending.push(ask(port, sent % 10 === 0 ? new Agent({ ...as(client) }) : kept).then(note));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all(pending);
    over.abort();
    await changing;
    expect(Object.fromEntries(answers)).toEqual({ '200': SECONDS * PER_SECOND });
    expect(reloads).toBeGreaterThanOrEqual(SECONDS);
    expect((await handshake(port)).shown).not.toBe(first.shown);
  },
  TEST_MS,
);
