import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Differences } from '../../src/control/schema/differences.ts';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway, Settings } from '../kit/gateway.ts';
import { KeepAliveClient, fetchOnce, format } from '../kit/http-client.ts';
import { load } from '../kit/load.ts';
import type { LoadResult } from '../kit/load.ts';
import { nginxOrSkip, startNginx } from '../kit/nginx.ts';
import type { Nginx } from '../kit/nginx.ts';
import { REPOSITORY } from '../kit/shared-data.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';
import type { Upstream, UpstreamBuilder } from '../kit/upstream.ts';

const SNIPPET = join(REPOSITORY, 'deploy/nginx/mirror.conf');
const answers = () => upstream().respond(({ target }) => ({ body: { target } }));

/** Counts come once a second, and windows a little later. */
const SETTLE_MS = 2_000;

interface Site {
  /** What NGINX answers from. */
  readonly shop: Upstream;
  readonly legacy: Upstream;
  readonly candidate: Upstream;
  readonly cutover: RunningGateway;
  readonly nginx: Nginx;
  readonly edge: string;
}

/** The NGINX of the guide, mirroring to a gateway between two lanes. */
async function site(
  behaviour: { readonly legacy?: UpstreamBuilder; readonly candidate?: UpstreamBuilder },
  config: Settings = {},
  template = readFileSync(SNIPPET, 'utf8'),
): Promise<Site> {
  const [shop, legacy, candidate] = await Promise.all([
    answers().start(),
    (behaviour.legacy ?? answers()).start(),
    (behaviour.candidate ?? answers()).start(),
  ]);
  const cutover = await gateway()
    .legacy(legacy)
    .candidate(candidate)
    .config({
      listen: [{ address: '127.0.0.1:0', mode: 'mirror' }],
      trustedProxies: ['127.0.0.1/32'],
      rollout: { shadow: { sample: '100%' } },
    })
    .config(config)
    .start();
  const ports = { cutover: Number(new URL(cutover.url).port), legacy: shop.port };
  const nginx = (await startNginx({ text: template, ports })) as Nginx;
  onTestFinished(async () => {
    await nginx.stop();
    await cutover.stop();
    await Promise.all([shop, legacy, candidate].map((each) => each.stop()));
  });
  return { shop, legacy, candidate, cutover, nginx, edge: nginx.url('edge') };
}

function clients(edge: string): Promise<LoadResult> {
  return load({
    url: edge,
    clients: 8,
    requestsPerClient: 40,
    request: (client, index) => ({ target: `/items/${client * 100 + (index % 20)}?q=1` }),
  });
}

/**
 * Waits until nothing is under way any more, and checks that all is accounted for. On a busy machine NGINX may have taken
 * Cutover out for a while, as the snippet tells it to: how many copies came is NGINX's to say.
 */
async function accounted(cutover: RunningGateway) {
  let before = -1;
  const status = await until(
    async () => {
      const now = await cutover.status();
      const { eligible, pending } = now.pairs.shadow.accounting;
      const isStill = eligible > 0 && eligible === before && pending === 0;
      before = eligible;
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      return isStill ? now : null;
    },
    'every copy to be concluded',
    30_000,
  );
  const all = status.pairs.shadow.accounting;
  expect(all.eligible).toBe(all.notSampled + all.sampled);
  expect(all.sampled).toBe(all.dropped + all.tooLarge + all.candidateSaturated + all.sent);
  expect(all.sent).toBe(
    all.compared +
      all.shadowFailed +
      all.timedOut +
      all.clientAborted +
      all.responseTooLarge +
      all.diffDropped +
      all.pending,
  );
  return status;
}

test.skipIf(!nginxOrSkip())(
  'requests that NGINX mirrors are asked of both lanes as they came, compared and counted',
  async () => {
    const wrong = upstream().respond(() => ({ body: { target: 'x' } }));
    const { edge, cutover, legacy, candidate, shop } = await site({ candidate: wrong });
    expect((await clients(edge)).statuses).toEqual({ 200: 320 });
    const status = await accounted(cutover);
    const { eligible, sent, compared } = status.pairs.shadow.accounting;
    expect([sent, compared, status.lanes.legacy.requests]).toEqual([eligible, eligible, eligible]);
    expect([shop.count(), legacy.count(), candidate.count()]).toEqual([320, eligible, eligible]);
    const classes = JSON.parse((await cutover.cli(['differences', '--json'])).stdout) as Differences;
    expect(classes.classes.map(({ endpoint, path }) => [endpoint, path])).toEqual([
      ['GET /items/{id}', '/target'],
    ]);
    for (const lane of [legacy, candidate]) {
      const [seen] = lane.requests;
      expect(seen?.header('x-forwarded-for')).toBe('127.0.0.1, 127.0.0.1');
      expect(seen?.header('x-cutover-copy')).toBe('1');
      expect(seen?.header('host')).toBe(new URL(edge).host);
    }
    const ids = (lane: Upstream) => lane.requests.map((each) => each.header('x-request-id') ?? '').toSorted();
    expect(ids(candidate)).toEqual(ids(legacy));
    const asked = new Set(ids(shop));
    expect(ids(legacy).filter((id) => !asked.has(id))).toEqual([]);
  },
  60_000,
);

test.skipIf(!nginxOrSkip())(
  'clients of NGINX do not notice that both lanes hang, on connections they keep',
  async () => {
    const { edge, cutover, legacy } = await site(
      { legacy: upstream().hangs(), candidate: upstream().hangs() },
      { rollout: { shadow: { timeout: '5s', maxInFlight: 16 } } },
    );
    const result = await clients(edge);
    expect([result.errors, result.statuses]).toEqual([[], { 200: 320 }]);
    // A wait for the lanes would be 5 s, and one for a mirror that does not answer 250 ms, request after request.
    expect(result.quantileMs(0.75)).toBeLessThan(200);
    const { pairs } = await accounted(cutover);
    const { compared, eligible, sent, candidateSaturated, dropped, timedOut } = pairs.shadow.accounting;
    expect([compared, sent + candidateSaturated + dropped, timedOut]).toEqual([0, eligible, sent]);
    expect(sent).toBeGreaterThan(0);
    expect(legacy.count()).toBe(sent);
  },
  60_000,
);

test.skipIf(!nginxOrSkip())(
  'clients of NGINX lose one short wait each when Cutover itself takes connections and says nothing',
  async () => {
    const silent = await upstream().hangs().start();
    const shop = await answers().start();
    const ports = { cutover: silent.port, legacy: shop.port };
    const nginx = (await startNginx({ file: SNIPPET, ports })) as Nginx;
    onTestFinished(async () => {
      await nginx.stop();
      await Promise.all([silent.stop(), shop.stop()]);
    });
    const result = await clients(nginx.url('edge'));
    expect(result.statuses).toEqual({ 200: 320 });
    expect(result.quantileMs(0.5)).toBeLessThan(100);
    expect(silent.count()).toBeLessThan(64);
  },
  60_000,
);

test.skipIf(!nginxOrSkip())(
  'without what the snippet does, the same silence stalls every client: the trap is real',
  async () => {
    const naive = readFileSync(SNIPPET, 'utf8')
      .replace(/ {6}proxy_(connect|send|read)_timeout \d+ms;\n/g, '')
      .replace('      proxy_next_upstream off;\n', '      proxy_read_timeout 1s;\n')
      .replace(/ {4}server 127\.0\.0\.1:8089 backup;.*\n/, '');
    const silent = await upstream().hangs().start();
    const shop = await answers().start();
    const nginx = (await startNginx({
      text: naive,
      ports: { cutover: silent.port, legacy: shop.port },
    })) as Nginx;
    onTestFinished(async () => {
      await nginx.stop();
      await Promise.all([silent.stop(), shop.stop()]);
    });
    const client = new KeepAliveClient(nginx.url('edge'));
    const request = format({ target: '/' }, 'edge');
    const startedMs = performance.now();
    for (let count = 0; count < 3; count += 1) await client.exchange(request, 'GET', 10_000);
    client.close();
    expect(performance.now() - startedMs).toBeGreaterThan(1_900);
  },
  60_000,
);

test.skipIf(!nginxOrSkip())(
  'writes and upgrades that are mirrored are counted by kind and asked of nobody',
  async () => {
    const { edge, cutover, legacy, candidate, shop } = await site({});
    const body = 'x'.repeat(8_000);
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const target = `/orders/${method}`;
      expect((await fetchOnce(edge, { method, target, body })).status).toBe(200);
    }
    expect((await fetchOnce(edge, { target: '/a', headers: { Range: 'bytes=0-1' } })).status).toBe(200);
    const status = await until(async () => {
      const now = await cutover.status();
      return now.ineligible['method'] === 3 && now.ineligible['range'] === 1 ? now : null;
    }, 'every request to be counted');
    expect(status.edge).toEqual({});
    expect([shop.count(), legacy.count(), candidate.count()]).toEqual([4, 0, 0]);
  },
  60_000,
);

test.skipIf(!nginxOrSkip())(
  'an NGINX that is the legacy lane itself is not mirrored in a loop',
  async () => {
    const first = await site({});
    first.cutover.rewrite({ legacy: { servers: [first.edge] } });
    expect((await first.cutover.cli(['reload', '--reason', 'NGINX itself'])).code).toBe(0);
    for (let at = 0; at < 20; at += 1) await fetchOnce(first.edge, { target: `/items/${at}` });
    await until(
      async () => (await first.cutover.status()).pairs.shadow.accounting.compared === 20,
      'all pairs',
    );
    expect([first.shop.count(), first.candidate.count(), first.legacy.count()]).toEqual([40, 20, 0]);
  },
  60_000,
);
