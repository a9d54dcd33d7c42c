import { existsSync, statSync } from 'node:fs';
import { createServer as createHttp, request as requestHttp } from 'node:http';
import type { IncomingHttpHeaders, RequestListener, RequestOptions, Server } from 'node:http';
import { createServer as createHttps, request as requestHttps } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CA, CERTIFICATES, SERVER_TLS } from '../kit/certificates.ts';
import { gateway } from '../kit/gateway.ts';
import type { GatewayBuilder, RunningGateway } from '../kit/gateway.ts';
import { freePorts, temporaryFolder } from '../kit/process.ts';
import { textHeader } from '../kit/proxy-header.ts';
import { until } from '../kit/until.ts';

/** Answers with the fields it received. */
const echo: RequestListener = (request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(request.headers));
};

async function listening(server: Server, where: string | number = 0): Promise<Server> {
  await new Promise<void>((resolve) => {
    if (typeof where === 'string') server.listen(where, resolve);
    else server.listen(where, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

function folder(): string {
  const { path, remove } = temporaryFolder('cutover-sockets');
  onTestFinished(remove);
  return path;
}

async function started(built: GatewayBuilder): Promise<RunningGateway> {
  const running = await built.start();
  onTestFinished(() => running.stop());
  return running;
}

/** The fields that reached the lane, as it saw them. */
function ask(options: RequestOptions & { ca?: string }, secure = false): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    const sent = (secure ? requestHttps : requestHttp)({ agent: false, ...options }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text) as IncomingHttpHeaders);
        else reject(new Error(`${response.statusCode} ${String(response.headers['x-cutover-error'])}`));
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Each starts a whole gateway, which takes a busy machine ten seconds. */
const TEST_MS = 90_000;

const tls = { cert: join(CERTIFICATES, 'server.pem'), key: join(CERTIFICATES, 'server.key') };
const ca = join(CERTIFICATES, 'ca.pem');

test(
  'carries HTTPS from the client to HTTPS servers of both lanes, verified on both sides',
  async () => {
    const legacy = await listening(createHttps(SERVER_TLS, echo));
    const candidate = await listening(createHttps(SERVER_TLS, echo));
    const running = await started(
      gateway().config({
        listen: [{ address: '127.0.0.1:0', tls }],
        legacy: { servers: [`https://localhost:${portOf(legacy)}`], tls: { ca } },
        candidate: {
          servers: [`https://127.0.0.1:${portOf(candidate)}`],
          tls: { ca, serverName: 'server.test' },
        },
        rollout: { window: '1s', shadow: { sample: '100%' } },
      }),
    );
    const port = Number(new URL(running.url).port);
    const seen = await ask(
      { host: 'localhost', port, ca: CA, headers: { 'x-forwarded-proto': 'http' } },
      true,
    );
    expect(seen['x-forwarded-proto']).toBe('https');
    expect(seen['x-forwarded-for']).toMatch(/^(127\.0\.0\.1|::1)$/);
    const seconds = 20_000;
    await until(
      async () => readableStatus(await running.status()).includes('"compared":1'),
      'the pair',
      seconds,
    );
    expect(readableStatus(await running.status())).not.toContain('PRIVATE KEY');
  },
  TEST_MS,
);

const readableStatus = (status: object): string => JSON.stringify(status);

test(
  'answers 502 for a server whose certificate is refused, and says why in the log only',
  async () => {
    const legacy = await listening(createHttps(SERVER_TLS, echo));
    const running = await started(
      gateway()
        .candidate('http://127.0.0.1:9')
        .config({
          legacy: {
            servers: [`https://127.0.0.1:${portOf(legacy)}`],
            tls: { ca: join(CERTIFICATES, 'other-ca.pem') },
          },
          rollout: { window: '1s', shadow: { sample: '0%' } },
        }),
    );
    const port = Number(new URL(running.url).port);
    await expect(ask({ port })).rejects.toThrow('502 upstream_certificate');
    expect(running.log()).toMatch(/legacy: the certificate of 127\.0\.0\.1:\d+ was refused: UNABLE_TO_/);
  },
  TEST_MS,
);

test(
  'serves a unix socket with two workers, reaches servers on one, and takes its file away at the end',
  async () => {
    const place = folder();
    const path = join(place, 'cutover.sock');
    const app = join(place, 'app.sock');
    await listening(createHttp(echo), app);
    const running = await started(
      gateway().config({
        listen: [{ address: `unix:${path}` }, { address: '127.0.0.1:0' }],
        legacy: { servers: [`unix:${app}`] },
        candidate: { servers: [`unix:${app}`] },
        trustedProxies: ['unix'],
        workers: 2,
      }),
    );
    expect((await running.status()).listeners[0]?.address).toBe(`unix:${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    for (let turn = 0; turn < 5; turn += 1) {
      const seen = await ask({
        socketPath: path,
        headers: { host: 'shop', 'x-forwarded-for': '198.51.100.4' },
      });
      expect(seen['x-real-ip']).toBe('198.51.100.4');
      expect(seen['x-forwarded-for']).toBe('198.51.100.4');
    }
    const port = Number(new URL(running.urls[1] ?? '').port);
    expect((await ask({ port }))['x-forwarded-for']).toBe('127.0.0.1');
    running.signal('SIGTERM');
    await running.exited;
    expect(existsSync(path)).toBe(false);
  },
  TEST_MS,
);

test(
  'takes the client from a PROXY header in front of TLS, through the whole gateway',
  async () => {
    const legacy = await listening(createHttp(echo));
    const target = `http://127.0.0.1:${portOf(legacy)}`;
    const running = await started(
      gateway()
        .legacy(target)
        .candidate(target)
        .config({
          listen: [{ address: '127.0.0.1:0', tls, proxyProtocol: true }],
          trustedProxies: ['127.0.0.1'],
        }),
    );
    const port = Number(new URL(running.url).port);
    const below = connect(port, '127.0.0.1');
    onTestFinished(() => void below.destroy());
    below.write(textHeader('203.0.113.7'));
    const lies = { 'x-forwarded-for': '1.1.1.1', forwarded: 'for=2.2.2.2' };
    const options = { socket: below, servername: 'localhost', headers: lies, ca: CA };
    const seen = await ask(options, true);
    expect(seen).toMatchObject({
      'x-forwarded-for': '203.0.113.7',
      'x-real-ip': '203.0.113.7',
      'x-forwarded-proto': 'https',
    });
    expect(seen.forwarded).toBeUndefined();
  },
  TEST_MS,
);

test(
  'a reload keeps the old addresses when only the certificate of one changed, and says so',
  async () => {
    const legacy = await listening(createHttp(echo));
    const target = `http://127.0.0.1:${portOf(legacy)}`;
    const [port = 0] = await freePorts(1);
    const listen = [{ address: `127.0.0.1:${port}`, tls }];
    const running = await started(gateway().legacy(target).candidate(target).config({ listen }));
    running.rewrite({ listen: [{ address: `127.0.0.1:${port}` }] });
    const { stdout, stderr } = await running.cli(['reload']);
    expect(stdout + stderr).toContain('listen');
    expect((await ask({ host: 'localhost', port, ca: CA }, true))['x-forwarded-proto']).toBe('https');
  },
  TEST_MS,
);
