import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createAdminClient } from '../../src/control/admin-client.ts';
import { monotonicMs } from '../../src/core/clock.ts';
import type { StampedEvent } from '../../src/core/events.ts';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway, Settings } from '../kit/gateway.ts';
import { loadInBackground } from '../kit/load.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';
import type { Upstream } from '../kit/upstream.ts';

/** How long configurations change; CUTOVER_CHANGE_SECONDS=60 is the promise's own minute. */
const SECONDS = Number(process.env['CUTOVER_CHANGE_SECONDS'] ?? 10);
const RATE = 500;
const GUARDED_EVERY = 10;
/** Of a busy machine with two cores; docs/routes.md has what was measured. */
const PROPAGATION_P99_MS = 2_000;

/** The version that each request was served under, by its path: what the lanes are told as Host. */
class Lane {
  readonly versions = new Map<string, string>();
  readonly note = ({ target, header }: { target: string; header: (name: string) => string | undefined }) => {
    this.versions.set(target, header('host') ?? '');
    return { body: 'ok' };
  };
}

/** Version `n`: other routes, other upstreams with other servers, another filter, each of them on both lanes. */
function version(n: number, services: readonly Upstream[]): Settings {
  const hostHeader = `v${n}.test`;
  const [one = '', other = ''] = services.map(({ url }) => url);
  const servers = [[one], [other], [one, other]][n % 3];
  const upstreams = { [n % 2 === 0 ? 'even' : 'odd']: { servers, hostHeader } };
  const upstreamName = n % 2 === 0 ? 'even' : 'odd';
  const path = n % 2 === 0 ? { template: '/r/{id}' } : { regex: '/r/[0-9]+' };
  return {
    workers: 2,
    legacy: { hostHeader },
    filters: { door: { jwt: { jwks: { file: './jwks.json' }, issuer: `v${n}` }, enforceAt: 'edge' } },
    candidate: {
      upstreams,
      routes: [
        { name: `guarded-${n % 4}`, match: { path: '/guarded' }, upstream: upstreamName, filters: ['door'] },
        { name: `numbers-${n % 4}`, match: { path }, upstream: upstreamName },
        { name: 'rest', upstream: upstreamName },
        ...Object.keys({ even: 0, odd: 0 }).map((name) => ({
          name: `kept-${name}`,
          match: { path: `/kept-${name}` },
          upstream: name,
        })),
      ],
    },
  };
}

const INVALID: readonly Settings[] = [
  { workers: 'many' },
  { candidate: { routes: [{ name: 'x', match: { path: { regex: '/(' } }, upstream: 'even' }] } },
  { candidate: { routes: [{ name: 'x', upstream: 'nowhere' }] } },
];

const JWKS = {
  keys: [
    { kty: 'OKP', crv: 'Ed25519', kid: 'a', alg: 'EdDSA', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
  ],
};

async function started(legacy: Lane, candidate: Lane) {
  const old = await upstream().respond(legacy.note).start();
  const services = [
    await upstream().respond(candidate.note).start(),
    await upstream().respond(candidate.note).start(),
  ];
  const first = version(0, services);
  const both = { even: { servers: [services[0]?.url] }, odd: { servers: [services[1]?.url] } };
  const running = await gateway()
    .legacy(old)
    .config({ rollout: { window: '1s', shadow: { sample: '100%', maxRate: '10000/s', ramp: '1ms' } } })
    .config({
      candidate: {
        upstreams: both,
        routes: [
          { name: 'rest', upstream: 'even' },
          { name: 'odd', match: { path: '/odd' }, upstream: 'odd' },
        ],
      },
    })
    .config({ workers: 2, watch: true })
    .start();
  onTestFinished(async () => {
    await running.stop();
    await Promise.all([old, ...services].map((each) => each.stop()));
  });
  writeFileSync(join(running.folder, 'jwks.json'), JSON.stringify(JWKS));
  running.rewrite(first);
  running.signal('SIGHUP');
  await until(
    async () => running.log().includes('refused') || (await running.status()).snapshot.revision > 1,
  );
  return { running, services };
}

/** Follows what the gateway says about its configurations. */
function follow(running: RunningGateway): StampedEvent[] {
  const token = readFileSync(join(running.folder, 'run/admin.token'), 'utf8').trim();
  const client = createAdminClient({
    address: running.adminUrl.replace('http://', ''),
    token,
    timeoutMs: 5_000,
  });
  const ended = new AbortController();
  const heard: StampedEvent[] = [];
  const reading = (async () => {
    for await (const event of client.events({ signal: ended.signal })) heard.push(event);
  })().catch(() => undefined);
  onTestFinished(async () => {
    ended.abort();
    await reading;
    await client.close();
  });
  return heard;
}

const pathOf = (client: number, index: number): string =>
  index % GUARDED_EVERY === 0 ? `/guarded/${client}/${index}` : `/r/${client * 1_000_000 + index}`;

test(
  'not one request fails while routes, upstreams and filters change every second, and bad ones are pushed',
  async ({ annotate }) => {
    const [legacy, candidate] = [new Lane(), new Lane()];
    const { running, services } = await started(legacy, candidate);
    const heard = follow(running);
    const load = loadInBackground({
      url: running.url,
      clients: 16,
      ratePerSecond: RATE,
      request: (client, index) => ({ target: pathOf(client, index) }),
    });
    for (let n = 1; n <= SECONDS; n += 1) {
      const untilMs = monotonicMs() + 1_000;
      running.rewrite(version(n, services));
      // The watch finds it by itself; every other one is pushed as well.
      if (n % 2 === 0) running.signal('SIGHUP');
      await until(() => monotonicMs() > untilMs - 400, 'the next change');
      running.rewrite(INVALID[n % INVALID.length] as Settings);
      running.signal('SIGHUP');
      await until(() => monotonicMs() > untilMs, 'the next second');
    }
    const { shots, errors, statuses } = await load.stop();
    expect(errors).toEqual([]);
    // Guarded ones are refused by the filter of every version, all others are answered.
    expect(Object.keys(statuses).toSorted()).toEqual(['200', '401']);
    expect(
      [...legacy.versions.keys(), ...candidate.versions.keys()].filter((path) => path.startsWith('/guarded')),
    ).toEqual([]);
    const configs = heard.flatMap(({ event }) => (event.type === 'config' ? [event] : []));
    expect(configs.filter(({ accepted }) => accepted).length).toBeGreaterThan(SECONDS / 2);
    expect(configs.filter(({ accepted }) => !accepted).length).toBeGreaterThan(SECONDS / 2);
    const both = [...candidate.versions].filter(([path]) => legacy.versions.has(path));
    expect(both.length).toBeGreaterThan(shots.length / 4);
    expect(both.filter(([path, seen]) => seen !== legacy.versions.get(path))).toEqual([]);
    expect(new Set(both.map(([, seen]) => seen)).size).toBeGreaterThan(SECONDS / 2);
    const tookMs = heard
      .flatMap(({ event }) => (event.type === 'snapshot' ? [event.tookMs] : []))
      .toSorted((a, b) => a - b);
    const p99 = tookMs[Math.ceil(tookMs.length * 0.99) - 1] ?? Number.POSITIVE_INFINITY;
    await annotate(`${shots.length} requests, ${configs.length} configurations, propagation p99 ${p99} ms`);
    expect(p99).toBeLessThan(PROPAGATION_P99_MS);
  },
  60_000 + SECONDS * 2_000,
);
