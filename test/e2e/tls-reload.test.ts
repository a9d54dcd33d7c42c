import { readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect } from 'node:tls';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import { temporaryFolder } from '../kit/process.ts';
import { ListenerFiles, as, ask, client, leaver } from '../kit/tls-files.ts';
import { until } from '../kit/until.ts';

const TEST_MS = 90_000;

interface Running {
  readonly running: RunningGateway;
  readonly files: ListenerFiles;
  readonly port: number;
  /** Fields that reached the lane, of each request. */
  readonly seen: string[];
}

async function start(): Promise<Running> {
  const { path, remove } = temporaryFolder('cutover-tls');
  onTestFinished(remove);
  const files = new ListenerFiles(path);
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
  const tls = { ...files.config(), forwardClientCert: ['uri'] };
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
