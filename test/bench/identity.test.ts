import { readFileSync } from 'node:fs';
import { constants } from 'node:crypto';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { runLoad } from '../../bench/load.ts';
import type { LoadPlan } from '../../bench/load.ts';
import { loadOf, startSubject } from '../../bench/run.ts';
import { openStage } from '../../bench/stage.ts';
import type { Stage } from '../../bench/stage.ts';
import { SUBJECTS } from '../../bench/subjects/all.ts';
import type { Running } from '../../bench/subjects/subject.ts';
import type { SubjectName, Work } from '../../bench/works.ts';
import { fetchOnce } from '../kit/http-client.ts';
import { nginxOrSkip } from '../kit/nginx.ts';
import { workNamed } from './samples.ts';

const ALL: readonly SubjectName[] = ['nginx', 'cutover', 'haproxy', 'undici'];
const canRun = nginxOrSkip();
const installed = ALL.filter((name) => canRun && SUBJECTS[name].version() !== null);
const verifying = installed.filter((name) => name !== 'nginx');

/** The first subject that is the product is compiled. */
const TEST_MS = 120_000;

let stage: Stage | null = null;
const running: Running[] = [];
beforeAll(async () => {
  if (canRun) stage = await openStage(true);
}, TEST_MS);
afterAll(async () => {
  for (const one of running) await one.stop();
  await stage?.stop();
});

async function start(work: Work, name: SubjectName) {
  if (stage?.credentials === null || stage === null) throw new Error('there is no stage');
  const subject = await startSubject(work, name, stage);
  running.push(subject);
  return { url: subject.url, credentials: stage.credentials, load: loadOf(work, stage) };
}

/** The status of one request over TLS; 0 where the connection was refused. */
function statusOf(url: string, client: { cert?: Buffer; key?: Buffer }): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(url, { rejectUnauthorized: false, agent: false, ...client }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', () => resolve(0));
    sent.end();
  });
}

test.each(installed)(
  '%s lets in clients with a certificate alone',
  async (name) => {
    const { url, credentials } = await start(workNamed('mtls-1k'), name);
    const { certFile, keyFile } = credentials;
    expect(await statusOf(url, { cert: readFileSync(certFile), key: readFileSync(keyFile) })).toBe(200);
    // NGINX reads the request and answers 400; the others end the handshake.
    expect([0, 400]).toContain(await statusOf(url, {}));
  },
  TEST_MS,
);

test.each(verifying)(
  '%s lets in the tokens of users and no forged one',
  async (name) => {
    const { url, credentials } = await start(workNamed('jwt-cached'), name);
    const first = (kind: keyof typeof credentials.tokenFiles, count: number): string[] =>
      readFileSync(credentials.tokenFiles[kind], 'utf8').split('\n').slice(0, count);
    const answers = async (tokens: readonly string[]): Promise<number[]> =>
      Promise.all(
        tokens.map(
          async (token) => (await fetchOnce(url, { headers: { Authorization: `Bearer ${token}` } })).status,
        ),
      );
    expect(await answers([...first('same', 2), ...first('each', 2)])).toEqual([200, 200, 200, 200]);
    // One of each kind, and one that only its signature gives away.
    expect(new Set(await answers([...first('forged', 5), ...first('unsigned', 1)]))).toEqual(new Set([401]));
    expect((await fetchOnce(url)).status).toBe(401);
  },
  TEST_MS,
);

test.each(installed)(
  '%s resumes every session of the load that wants it',
  async (name) => {
    const { url, load } = await start(workNamed('tls-resumed'), name);
    const figures = await runLoad(`${url}/`, { ...load, connections: 2 }, 1.5);
    expect(figures.requests).toBeGreaterThan(2);
    expect(figures.errors).toBe(0);
  },
  TEST_MS,
);

test.skipIf(!canRun)('a load that wants sessions says so when there are none', async () => {
  if (stage?.certificate === null || stage === null) return;
  const { certFile, keyFile } = stage.certificate;
  const server = createServer({
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    maxVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
  server.on('request', (_, response) => void response.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const plan: LoadPlan = { kind: 'closed', connections: 1, newConnections: true, resumes: true };
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { requests, errors } = await runLoad(url, plan, 1.5);
  expect(requests).toBeGreaterThan(1);
  expect(errors).toBeGreaterThanOrEqual(requests - 1);
});
