import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { headerOf } from './answer-reader.ts';
import { fetchOnce } from './http-client.ts';
import { load } from './load.ts';
import { fillPorts, nginxOrSkip, startNginx, testNginxFile } from './nginx.ts';
import type { Nginx } from './nginx.ts';
import { site } from './services.ts';
import { REPOSITORY } from './shared-data.ts';
import { until } from './until.ts';
import { upstream } from './upstream.ts';
import type { Upstream } from './upstream.ts';

const hasNginx = nginxOrSkip();
const folders = ['deploy/nginx', 'test/fixtures/nginx', 'bench'];
const committed = folders.flatMap((folder) =>
  readdirSync(join(REPOSITORY, folder))
    .filter((name) => name.endsWith('.conf'))
    .map((name) => join(folder, name)),
);

test('a template names its ports and stays what it is otherwise', () => {
  const { text, used } = fillPorts(
    'listen 127.0.0.1:81; #@port a\nserver h:82 backup; #@port b\nlisten 83;',
    { a: 9 },
  );
  expect(text).toBe('listen 127.0.0.1:9; \nserver h:82 backup; \nlisten 83;');
  expect(used).toEqual({ a: 9, b: 82 });
});

test.skipIf(!hasNginx).each(committed)('nginx accepts %s as it is committed', async (path) => {
  const result = await testNginxFile(join(REPOSITORY, path));
  expect(result?.output).toContain('test is successful');
  expect(result?.ok).toBe(true);
});

test.skipIf(!hasNginx)('a configuration that is wrong fails with what nginx said', async () => {
  await expect(startNginx({ text: 'events {} http { no_such_thing; }' })).rejects.toThrow('no_such_thing');
});

let shop: Upstream;
let pages: Upstream;
let nginx: Nginx | null = null;

beforeAll(async () => {
  shop = await site().start();
  pages = await site().start();
  const ports = { shop: shop.port, pages: pages.port };
  nginx = await startNginx({ file: join(REPOSITORY, 'test/fixtures/nginx/legacy-site.conf'), ports });
});

afterAll(async () => {
  await nginx?.stop();
  await shop.stop();
  await pages.stop();
});

async function get(target: string, headers: Record<string, string> = {}) {
  shop.forget();
  pages.forget();
  const answer = await fetchOnce(`${nginx?.url('site')}${target}`, { headers });
  return { answer, status: answer.status, asked: [shop.count(), pages.count()] };
}

test.skipIf(!hasNginx)('the legacy site picks locations as its comments say', async () => {
  expect(await get('/health')).toMatchObject({ status: 200, asked: [0, 0] });
  expect(headerOf((await get('/help')).answer, 'location')).toBe('https://help.example.com/');
  expect(await get('/api/items/3')).toMatchObject({ status: 200, asked: [1, 0] });
  expect(await get('/assets/x.php')).toMatchObject({ status: 200, asked: [0, 1] });
  expect(await get('/wp-login.PHP')).toMatchObject({ status: 404, asked: [0, 0] });
  await get('/v1/items/7?x=1');
  expect(shop.requests[0]?.target).toBe('/api/items/7?x=1');
  expect(headerOf((await get('/blog?p=2')).answer, 'location')).toMatch(/\/blog\/\?p=2$/);
});

test.skipIf(!hasNginx)('the legacy site compresses what is large enough, for those who ask', async () => {
  const large = (await get('/api/items', { 'Accept-Encoding': 'gzip' })).answer;
  expect(headerOf(large, 'content-encoding')).toBe('gzip');
  expect(JSON.parse(gunzipSync(large.body).toString())).toHaveProperty('items');
  expect(headerOf((await get('/api/items')).answer, 'content-encoding')).toBeUndefined();
  expect(
    headerOf((await get('/api/items/1', { 'Accept-Encoding': 'gzip' })).answer, 'content-encoding'),
  ).toBeUndefined();
});

test.skipIf(!hasNginx)('the legacy site shows its own error pages and keeps the status', async () => {
  await pages.become(upstream().status(404, 'raw'));
  const missing = await get('/nowhere');
  expect([missing.status, missing.answer.body.toString()]).toEqual([404, '<h1>Nothing here</h1>\n']);
  await pages.become(upstream().refuses());
  const down = await get('/');
  expect([down.status, down.answer.body.toString()]).toEqual([502, '<h1>Back soon</h1>\n']);
  await pages.become(site());
});

test.skipIf(!hasNginx)('the legacy site keeps its connections to the services', async () => {
  const before = shop.connections();
  const result = await load({
    url: nginx?.url('site') ?? '',
    clients: 4,
    requestsPerClient: 50,
    request: (_, index) => ({ target: `/api/items/${index}` }),
  });
  expect(result.statuses).toEqual({ 200: 200 });
  expect(shop.connections() - before).toBeLessThanOrEqual(16);
});

test.skipIf(!hasNginx)(
  'behind: GETs fail over to the backup without an error when Cutover dies',
  async () => {
    // A stand-in dies here in each way a killed process is seen: port closed, connections reset under load.
    const gateway = await upstream().json({ by: 'cutover' }).slow(5).start();
    const legacy = await upstream().json({ by: 'legacy' }).start();
    const ports = { cutover: gateway.port, legacy: legacy.port };
    const edge = await startNginx({ file: join(REPOSITORY, 'deploy/nginx/behind.conf'), ports });
    try {
      let stop = false;
      const note = (answer: { body: Buffer }) => JSON.parse(answer.body.toString()).by as string;
      const running = load({ url: edge?.url('edge') ?? '', clients: 16, until: () => stop, note });
      await until(() => gateway.count() > 300, 'traffic through the gateway');
      await gateway.become(upstream().refuses());
      await until(() => legacy.count() > 300, 'traffic through the backup');
      await gateway.become(upstream().json({ by: 'cutover' }));
      gateway.forget();
      await until(() => gateway.count() > 300, 'the gateway to be tried again', 15_000);
      stop = true;
      const result = await running;
      expect(result.errors).toEqual([]);
      expect(Object.keys(result.statuses)).toEqual(['200']);
      expect(new Set(result.shots.map((shot) => shot.note))).toEqual(new Set(['cutover', 'legacy']));
    } finally {
      await edge?.stop();
      await gateway.stop();
      await legacy.stop();
    }
  },
);

test.skipIf(!hasNginx)('front: the legacy NGINX believes Cutover about the client', async () => {
  const service = await upstream().json({ ok: true }).start();
  const legacy = await startNginx({
    file: join(REPOSITORY, 'deploy/nginx/front.conf'),
    ports: { shop: service.port },
  });
  try {
    const headers = { 'X-Forwarded-For': '203.0.113.7', 'X-Request-Id': 'abc', Host: 'shop.test' };
    await fetchOnce(legacy?.url('legacy') ?? '', { headers });
    const seen = service.requests[0];
    expect([seen?.header('x-real-ip'), seen?.header('x-request-id'), seen?.header('host')]).toEqual([
      '203.0.113.7',
      'abc',
      'shop.test',
    ]);
  } finally {
    await legacy?.stop();
    await service.stop();
  }
});
