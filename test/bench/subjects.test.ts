import { get } from 'node:https';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSubject } from '../../bench/run.ts';
import { openStage } from '../../bench/stage.ts';
import type { Stage } from '../../bench/stage.ts';
import { SUBJECTS } from '../../bench/subjects/all.ts';
import type { Running } from '../../bench/subjects/subject.ts';
import type { SubjectName, Work } from '../../bench/works.ts';
import { KeepAliveClient, fetchOnce } from '../kit/http-client.ts';
import { nginxOrSkip } from '../kit/nginx.ts';
import { until } from '../kit/until.ts';
import { workNamed } from './samples.ts';

const RIVALS: readonly SubjectName[] = ['nginx', 'haproxy', 'undici', 'httpxy', 'fastify', 'node:http'];
const canRun = nginxOrSkip();
const installed = RIVALS.filter((name) => canRun && SUBJECTS[name].version() !== null);

let stage: Stage | null = null;
const running: Running[] = [];
beforeAll(async () => {
  if (canRun) stage = await openStage(false);
});
afterAll(async () => {
  for (const one of running) await one.stop();
  await stage?.stop();
});

async function start(work: Work, name: SubjectName): Promise<Running> {
  if (stage === null) throw new Error('there is no stage');
  const subject = await startSubject(work, name, stage);
  running.push(subject);
  return subject;
}

test.each(installed)('%s proxies all that the works ask for', async (name) => {
  const { url } = await start(workNamed('plain-1k'), name);
  const client = new KeepAliveClient(url);
  const small = await client.request();
  expect([small.status, small.body.length]).toEqual([200, 1024]);
  const large = await client.request({ target: '/20k' });
  expect(large.body.length).toBeGreaterThanOrEqual(20 * 1024);
  const posted = await client.request({ method: 'POST', target: '/post', body: 'x'.repeat(20 * 1024) });
  expect([posted.status, posted.body.length]).toEqual([200, 1024]);
  const huge = await client.request({ target: '/1m' });
  expect(huge.body.length).toBeGreaterThanOrEqual(1024 * 1024);
  expect(client.current?.requests).toBe(4);
  client.close();
  const last = await fetchOnce(url, { headers: { connection: 'close' } });
  expect([last.status, last.keepsAlive]).toEqual([200, false]);
});

/** Status and length of an answer over TLS, whoever signed the certificate. */
function fetchTls(url: string): Promise<[number | undefined, number]> {
  return new Promise((resolve, reject) => {
    get(url, { rejectUnauthorized: false, agent: false }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
      answer.on('end', () => resolve([answer.statusCode, bytes]));
    }).on('error', reject);
  });
}

test.each(installed)('%s ends TLS with the certificate of the stage', async (name) => {
  if (stage?.certificate === null) return;
  const { url } = await start(workNamed('tls-1k'), name);
  expect(url).toMatch(/^https:/);
  expect(await fetchTls(`${url}/`)).toEqual([200, 1024]);
});

test.skipIf(!canRun)('nginx copies every request of the work that copies all', async () => {
  const { url } = await start(workNamed('shadow-100'), 'nginx');
  const copies = async () => (await stage?.copies('healthy')) ?? 0;
  const before = await copies();
  for (let count = 0; count < 5; count += 1) await fetchOnce(url);
  await until(async () => (await copies()) - before === 5, 'five copies to arrive');
});
