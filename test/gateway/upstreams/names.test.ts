import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { monotonicMs } from '../../../src/core/clock.ts';
import type { UpstreamConfig } from '../../../src/core/snapshot.ts';
import { isDnsName, NameKeeper } from '../../../src/gateway/upstreams/names.ts';
import { resolver } from '../../../src/gateway/upstreams/resolve.ts';
import { addressServers } from '../../kit/address-servers.ts';
import { dnsServer } from '../../kit/dns-server.ts';
import type { DnsServer } from '../../kit/dns-server.ts';
import { fetchOnce } from '../../kit/http-client.ts';
import { inProcessGateway } from '../../kit/in-process.ts';
import { lanes } from '../../kit/lanes.ts';
import { loadInBackground } from '../../kit/load.ts';
import { upstreamConfig } from '../../kit/snapshot.ts';
import { until } from '../../kit/until.ts';

const NAME = 'shop.test';

/** A gateway whose legacy lane is the name. */
async function gatewayOf(dns: DnsServer, port: number) {
  const named: UpstreamConfig = {
    ...upstreamConfig('legacy'),
    servers: [{ scheme: 'http', host: NAME, port }],
  };
  const both = await lanes();
  const gateway = await inProcessGateway(
    both,
    { sample: 0 },
    { legacy: named },
    { dnsServers: [dns.address] },
  );
  const addresses = () =>
    gateway.gateway
      .upstreams()
      .find(({ name, use }) => name === 'legacy' && use === 'clients')
      ?.servers.map(({ address }) => address);
  return { ...gateway, both, addresses };
}

/** A keeper of names that writes down what it finds. */
function keeper(dns: DnsServer) {
  const log: string[] = [];
  const found: (readonly string[])[] = [];
  const names = new NameKeeper(resolver([dns.address]), (message) => log.push(message));
  const end = names.watch(NAME, (places) => found.push(places.map(({ host }) => host)));
  onTestFinished(end);
  return { log, found, names, end };
}

test('each address of a name is a server, from the first request on', async () => {
  const { port } = await addressServers('127.0.0.2', '127.0.0.3');
  const dns = await dnsServer({ [NAME]: ['127.0.0.3', '127.0.0.2'] });
  const { url, addresses } = await gatewayOf(dns, port);
  const bodies = [await fetchOnce(url), await fetchOnce(url)].map(({ body }) => body.toString());
  expect(bodies.toSorted()).toEqual(['127.0.0.2', '127.0.0.3']);
  expect(addresses()).toEqual(['127.0.0.2', '127.0.0.3']);
});

test('a change in the DNS takes effect within its time to live, and no request fails', async () => {
  const { port, stop } = await addressServers('127.0.0.2', '127.0.0.3', '127.0.0.4');
  const dns = await dnsServer({ [NAME]: ['127.0.0.2', '127.0.0.3'] });
  const { url, addresses } = await gatewayOf(dns, port);
  const seen: string[] = [];
  const running = loadInBackground({
    url,
    clients: 6,
    thinkMs: 2,
    note: ({ body }) => {
      seen.push(body.toString());
      return '';
    },
  });
  await until(() => seen.includes('127.0.0.2') && seen.includes('127.0.0.3'));
  dns.zone.set(NAME, ['127.0.0.3', '127.0.0.4']);
  const since = monotonicMs();
  await until(() => addresses()?.includes('127.0.0.4'));
  expect(monotonicMs() - since).toBeLessThan(2_000);
  await until(() => seen.includes('127.0.0.4'));
  stop('127.0.0.2');
  const { length } = seen;
  await until(() => seen.length > length + 100);
  const { errors, statuses } = await running.stop();
  expect([errors, Object.keys(statuses)]).toEqual([[], ['200']]);
  expect(seen.slice(length)).not.toContain('127.0.0.2');
});

test('a call that runs is finished on an address that vanished', async () => {
  const dns = await dnsServer({ [NAME]: ['127.0.0.2'] });
  const held: (() => void)[] = [];
  const slow = createServer((_request, response) => void held.push(() => response.end('late')));
  const port = await new Promise<number>((resolve) => {
    slow.listen(0, '127.0.0.2', () => resolve((slow.address() as AddressInfo).port));
  });
  onTestFinished(() => void slow.close());
  const { url, addresses } = await gatewayOf(dns, port);
  const answer = fetchOnce(url);
  await until(() => held.length === 1);
  dns.zone.set(NAME, ['127.0.0.3']);
  await until(() => addresses()?.join() === '127.0.0.3');
  held[0]?.();
  expect((await answer).body.toString()).toBe('late');
});

test('a DNS that is down or knows the name no more takes no server away', async () => {
  const dns = await dnsServer({ [NAME]: ['127.0.0.2'] });
  const { found, log, names } = keeper(dns);
  await names.settled(5_000);
  dns.zone.delete(NAME);
  await until(() => log.length === 1);
  dns.isDown = true;
  const { length } = dns.questions;
  await until(() => dns.questions.length > length);
  expect(found).toEqual([['127.0.0.2']]);
  expect(log[0]).toMatch(
    /^the name shop\.test can not be resolved \(ENOTFOUND\); its last addresses are kept$/,
  );
  dns.isDown = false;
  dns.zone.set(NAME, ['127.0.0.9']);
  await until(() => found.length === 2);
  expect(found[1]).toEqual(['127.0.0.9']);
});

test('requests go on with the last addresses while the DNS is down', async () => {
  const { port } = await addressServers('127.0.0.2');
  const dns = await dnsServer({ [NAME]: ['127.0.0.2'] });
  const { url, log } = await gatewayOf(dns, port);
  dns.isDown = true;
  await until(() => log.some((line) => line.includes('its last addresses are kept')));
  expect((await fetchOnce(url)).status).toBe(200);
});

test('a new configuration begins with the addresses that are known', async () => {
  const { port } = await addressServers('127.0.0.2');
  const dns = await dnsServer({ [NAME]: ['127.0.0.2'] });
  const { url, apply, addresses, log } = await gatewayOf(dns, port);
  dns.isDown = true;
  await until(() => log.some((line) => line.includes('its last addresses are kept')));
  apply({ config: { explainHeaders: false } });
  expect(addresses()).toEqual(['127.0.0.2']);
  expect((await fetchOnce(url)).status).toBe(200);
});

test('addresses of version 6 are taken where a name has no other', async () => {
  const dns = await dnsServer({ [NAME]: ['::1', '127.0.0.2'] });
  const both = keeper(dns);
  await until(() => both.found.length === 1);
  both.end();
  dns.zone.set(NAME, ['::1']);
  const six = keeper(dns);
  await until(() => six.found.length === 1);
  expect([both.found, six.found]).toEqual([[['127.0.0.2']], [['::1']]]);
});

test('an address and this machine itself are never asked of the DNS', async () => {
  for (const host of ['127.0.0.1', '::1', 'localhost', 'a.localhost', 'unix:/run/x.sock']) {
    expect([host, isDnsName(host)]).toEqual([host, false]);
  }
  expect(isDnsName('shop.internal')).toBe(true);
  const { port } = await addressServers('127.0.0.1');
  const dns = await dnsServer();
  const { url, apply } = await gatewayOf(dns, port);
  const { length } = dns.questions;
  apply({ config: { legacy: upstreamConfig('legacy', `http://localhost:${port}`) } });
  expect((await fetchOnce(url)).status).toBe(200);
  expect(dns.questions.slice(length).filter((question) => question.includes('localhost'))).toEqual([]);
});

test('the system answers for a name of its hosts file', async () => {
  const answer = await resolver(null)('localhost', false);
  expect('places' in answer && answer.places.map(({ host }) => host)).toEqual(['127.0.0.1']);
});
