import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { probeUnix } from '../../src/control/unix-probe.ts';
import { takeUnixPaths } from '../../src/control/unix-paths.ts';
import { Listening } from '../../src/gateway/listening.ts';
import { HeaderFields } from '../../src/core/headers.ts';
import { besidePath } from '../../src/core/unix-address.ts';
import { createWireServer } from '../../src/wire/server.ts';
import type { Inbound } from '../../src/wire/types.ts';
import { gatewayConfig } from '../kit/snapshot.ts';
import { Seen, serverOptions } from '../wire/kit.ts';

function socketPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-unix-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'c.sock');
}

/** A wire server that answers with its name and the peer, listening as a worker does. */
async function worker(name: string, path: string, isFirst = true, beside = false) {
  const server = createWireServer(
    {
      onRequest(inbound: Inbound) {
        const seen = new Seen(inbound);
        inbound.handle(seen);
        seen.inbound.respond({
          status: 200,
          reason: '',
          fields: new HeaderFields(),
          framing: 'close',
          contentLength: -1,
        });
        seen.inbound.write(Buffer.from(`${name} ${inbound.remoteAddress}`));
        seen.inbound.end();
      },
      onRefused: () => undefined,
    },
    serverOptions,
  );
  const listening = new Listening(server, gatewayConfig('http://127.0.0.1:1', 'http://127.0.0.1:2'), null);
  const port = await listening.open({ host: `unix:${path}`, port: 0, region: null }, 0, true, 0, isFirst);
  if (!beside) listening.takePaths();
  onTestFinished(async () => void (await server.drain(0)));
  return { server, listening, port };
}

function ask(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    let text = '';
    socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
    socket.on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? ''));
    socket.on('end', () => resolve(text.slice(text.indexOf('\r\n\r\n') + 4)));
    socket.write('GET / HTTP/1.0\r\nHost: a\r\n\r\n');
  });
}

/** A socket file whose process has been killed. */
function staleSocket(path: string): void {
  const program = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', program]);
}

test('serves a unix socket that owner and group alone may use, and names its peers', async () => {
  const path = socketPath();
  const { port } = await worker('one', path);
  expect(port).toBe(0);
  expect(statSync(path).mode & 0o777).toBe(0o660);
  expect(await ask(path)).toContain('one unix');
});

test('leaves a unix socket to the first worker', async () => {
  const path = socketPath();
  expect((await worker('second', path, false)).port).toBe(0);
  expect(existsSync(path)).toBe(false);
});

test('replaces the socket of a worker that was killed, and one that was killed while it replaced', async () => {
  const path = socketPath();
  staleSocket(path);
  staleSocket(besidePath(path, process.pid));
  expect(existsSync(path) && existsSync(besidePath(path, process.pid))).toBe(true);
  expect(await ask(path)).toBe('ECONNREFUSED');
  await worker('next', path);
  expect(await ask(path)).toContain('next');
});

test('hands the path over to a successor, whose socket the predecessor leaves alone', async () => {
  const path = socketPath();
  const before = await worker('before', path);
  const after = await worker('after', path);
  expect(await ask(path)).toContain('after');
  before.listening.removeFiles(() => undefined);
  await before.server.drain(1_000);
  expect(await ask(path)).toContain('after');
  after.listening.removeFiles(() => undefined);
  await after.server.drain(1_000);
  expect(existsSync(path)).toBe(false);
});

test('a successor that does not come to act leaves path and socket to its predecessor', async () => {
  const path = socketPath();
  await worker('before', path);
  const after = await worker('after', path, true, true);
  expect(await ask(path)).toContain('before');
  // Both are this process here, so its own second name must not be that of the worker.
  renameSync(besidePath(path, process.pid), besidePath(path, 1));
  const commit = (): never => {
    throw new Error('the disk is full');
  };
  expect(() => takeUnixPaths([path], 1, commit)).toThrow('the disk is full');
  after.listening.removeFiles(() => undefined);
  await after.server.drain(1_000);
  expect(await ask(path)).toContain('before');
  expect(readdirSync(dirname(path))).toEqual(['c.sock']);
});

test('a successor that acts has the path, and nothing is left beside it', async () => {
  const path = socketPath();
  await worker('before', path);
  await worker('after', path, true, true);
  renameSync(besidePath(path, process.pid), besidePath(path, 1));
  takeUnixPaths([path], 1, () => undefined);
  expect(await ask(path)).toContain('after');
  expect(readdirSync(dirname(path))).toEqual(['c.sock']);
});

test('lets a path be listened on that is free, or that nobody answers at', async () => {
  const path = socketPath();
  await probeUnix(path, false);
  staleSocket(path);
  await probeUnix(path, false);
  expect(existsSync(path)).toBe(true);
});

test('refuses a path that somebody answers at, unless it is an orphan of ours', async () => {
  const path = socketPath();
  const other = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => other.listen(path, resolve));
  onTestFinished(() => void other.close());
  await expect(probeUnix(path, false)).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  await probeUnix(path, true);
});

test('refuses a path where a file lies, and a folder that is not there', async () => {
  const path = socketPath();
  await expect(probeUnix(`${path}/none/c.sock`, false)).rejects.toMatchObject({ code: 'ADDRESS_UNKNOWN' });
  writeFileSync(path, 'keep');
  await expect(probeUnix(path, true)).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  expect(existsSync(path)).toBe(true);
});
