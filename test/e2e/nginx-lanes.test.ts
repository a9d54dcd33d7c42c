import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Differences } from '../../src/control/schema/differences.ts';
import { captures } from '../kit/capture.ts';
import { gateway } from '../kit/gateway.ts';
import { nginxOrSkip, startNginx } from '../kit/nginx.ts';
import { replay } from '../kit/replayer.ts';
import { site } from '../kit/services.ts';
import { REPOSITORY } from '../kit/shared-data.ts';
import { until } from '../kit/until.ts';

const SITE = join(REPOSITORY, 'test/fixtures/nginx/legacy-site.conf');

/** Requests whose answers the configuration of the site makes itself, or changes on their way. */
const OWN_ANSWERS = [
  '/css/site.css',
  '/health',
  '/help',
  '/v1/items/7?x=1',
  '/old/index.php',
  '/blog?page=2',
  '/api/items',
].map((target) => ({ method: 'GET', target, headers: ['Accept-Encoding', 'gzip'], body: Buffer.alloc(0) }));

test.skipIf(!nginxOrSkip())(
  'real traffic through a real NGINX names what it does that the candidate does not',
  async () => {
    const [shop, pages] = [await site().start(), await site().start()];
    const nginx = await startNginx({ file: SITE, ports: { shop: shop.port, pages: pages.port } });
    const running = await gateway()
      .legacy(nginx?.url('site') ?? '')
      .config({
        candidate: {
          upstreams: { shop: { servers: [shop.url] }, pages: { servers: [pages.url] } },
          routes: [
            { name: 'api', match: { path: '/api/' }, upstream: 'shop' },
            { name: 'rest', match: { path: '/' }, upstream: 'pages' },
          ],
        },
        rollout: { shadow: { sample: '100%' } },
        workers: 2,
      })
      .start();
    onTestFinished(async () => {
      await running.stop();
      await nginx?.stop();
      await Promise.all([shop.stop(), pages.stop()]);
    });

    const requests = captures().flatMap((capture) => capture.requests.slice(0, 1_500));
    const own = OWN_ANSWERS.map((request) => ({ ...requests[0], ...request }) as (typeof requests)[number]);
    const result = await replay({ url: running.url, requests: [...own, ...requests], concurrency: 8 });
    expect(result.errors).toEqual([]);

    const status = await until(async () => {
      const now = await running.status();
      const { eligible, pending } = now.pairs.shadow.accounting;
      const seen = now.lanes.legacy.requests === result.shots.length;
      return seen && eligible > 1_000 && pending === 0 ? now : null;
    }, 'every pair to be concluded');

    const { accounting } = status.pairs.shadow;
    const { sent } = accounting;
    expect(accounting.compared).toBeGreaterThan(1_000);
    expect(sent).toBe(
      accounting.compared +
        accounting.shadowFailed +
        accounting.timedOut +
        accounting.clientAborted +
        accounting.responseTooLarge +
        accounting.diffDropped,
    );
    const listed = await until(async () => {
      const { stdout, code } = await running.cli(['differences', '--json', '--limit', '500']);
      const list = JSON.parse(stdout) as Differences;
      return code === 0 && list.classes.length >= status.classes && list.classes.length > 0 ? list : null;
    }, 'the differences to be stored');
    const found = (endpoint: string, kind: string) =>
      listed.classes.some((one) => one.endpoint === endpoint && one.kind === kind);
    expect.soft(found('GET /health', 'body_text') || found('GET /health', 'content_type')).toBe(true);
    expect.soft(found('GET /help', 'status')).toBe(true);
    expect.soft(found('GET /old/index.php', 'status')).toBe(true);
    expect.soft(found('GET /blog', 'status') || found('GET /blog', 'redirect')).toBe(true);
    expect.soft(listed.classes.some((one) => one.kind === 'encoding')).toBe(true);
    expect(new Set(listed.classes.map((one) => one.id)).size).toBe(listed.classes.length);
  },
  120_000,
);
