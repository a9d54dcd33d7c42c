import { expect, onTestFinished, test } from 'vitest';
import { monotonicMs } from '../../../src/core/clock.ts';
import { serviceHost } from '../../../src/core/service-name.ts';
import type { ServerConfig, UpstreamConfig } from '../../../src/core/snapshot.ts';
import { NameKeeper } from '../../../src/gateway/upstreams/names.ts';
import type { Place } from '../../../src/gateway/upstreams/places.ts';
import { resolver } from '../../../src/gateway/upstreams/resolve.ts';
import { addressServers } from '../../kit/address-servers.ts';
import { RCODE } from '../../kit/dns-records.ts';
import type { Srv } from '../../kit/dns-records.ts';
import { dnsServer } from '../../kit/dns-server.ts';
import type { DnsServer } from '../../kit/dns-server.ts';
import { fetchOnce } from '../../kit/http-client.ts';
import { inProcessGateway } from '../../kit/in-process.ts';
import { lanes } from '../../kit/lanes.ts';
import { loadInBackground } from '../../kit/load.ts';
import { upstreamConfig } from '../../kit/snapshot.ts';
import { until } from '../../kit/until.ts';

/** A headless service as Kubernetes names it: one name for each pod, its port in the records of the service. */
const SERVICE = '_http._tcp.shop.default.svc.cluster.local';
const HOST = `srv:${SERVICE}`;
const pod = (address: string) => `${address.replaceAll('.', '-')}.shop.default.svc.cluster.local`;

/** Makes the pods at these addresses and ports the whole service. */
function become(dns: DnsServer, pods: readonly (Omit<Srv, 'target'> & { readonly at: string })[]): void {
  for (const { at } of pods) dns.zone.set(pod(at), [at]);
  dns.services.set(
    SERVICE,
    pods.map(({ at, ...rest }) => ({ target: pod(at), ...rest })),
  );
}

async function gatewayOf(dns: DnsServer) {
  const server: ServerConfig = { scheme: 'http', host: HOST, port: 0 };
  const legacy: UpstreamConfig = { ...upstreamConfig('legacy'), servers: [server] };
  const options = { dnsServers: [dns.address] };
  const gateway = await inProcessGateway(await lanes(), { sample: 0 }, { legacy }, options);
  const servers = () =>
    gateway.gateway
      .upstreams()
      .find(({ name, use }) => name === 'legacy' && use === 'clients')
      ?.servers.map(({ name, address }) => `${address} ${name}`);
  return { ...gateway, servers };
}

/** A keeper of the service that writes down what it finds. */
function keeper(dns: DnsServer, host = HOST) {
  const log: string[] = [];
  const found: (readonly Place[])[] = [];
  const names = new NameKeeper(resolver([dns.address]), (message) => log.push(message));
  onTestFinished(names.watch(host, (places) => found.push(places)));
  return { log, found, names };
}

async function placesOf(dns: DnsServer): Promise<string[]> {
  const { names, found } = keeper(dns);
  await names.settled(10_000);
  return (found[0] ?? []).map(({ host, port, weight }) => `${host}:${port} ${weight.toFixed(2)}`);
}

test('each pod of a headless service is a server with the port that its record says', async () => {
  const [one, two] = [await addressServers('127.0.0.2'), await addressServers('127.0.0.3')];
  const dns = await dnsServer();
  become(dns, [
    { at: '127.0.0.2', port: one.port },
    { at: '127.0.0.3', port: two.port },
  ]);
  const { url, servers } = await gatewayOf(dns);
  const bodies = [await fetchOnce(url), await fetchOnce(url)].map(({ body }) => body.toString());
  expect(bodies.toSorted()).toEqual(['127.0.0.2', '127.0.0.3']);
  expect(servers()).toEqual([
    `127.0.0.2 shop.default.svc.cluster.local:${one.port}`,
    `127.0.0.3 shop.default.svc.cluster.local:${two.port}`,
  ]);
});

test('pods come and go within the time to live of the service, and no request fails', async () => {
  const pods = await addressServers('127.0.0.2', '127.0.0.3', '127.0.0.4');
  const at = (address: string) => ({ at: address, port: pods.port });
  const dns = await dnsServer();
  dns.ttlS = 30;
  dns.srvTtlS = 1;
  become(dns, [at('127.0.0.2'), at('127.0.0.3')]);
  const { url, servers } = await gatewayOf(dns);
  const seen: string[] = [];
  const note = ({ body }: { readonly body: Buffer }) => {
    seen.push(body.toString());
    return '';
  };
  const running = loadInBackground({ url, clients: 6, thinkMs: 2, note });
  await until(() => seen.includes('127.0.0.2') && seen.includes('127.0.0.3'));
  for (const [gone, left, come] of [
    ['127.0.0.2', '127.0.0.3', '127.0.0.4'],
    ['127.0.0.3', '127.0.0.4', '127.0.0.2'],
  ] as const) {
    become(dns, [at(left), at(come)]);
    const since = monotonicMs();
    await until(() => servers()?.every((server) => !server.startsWith(gone)));
    expect(monotonicMs() - since).toBeLessThan(5_000);
    // A pod ends only after its address is out of the DNS: its last requests are answered before.
    const { length } = seen;
    await until(() => seen.length > length + 50);
    expect(seen.slice(length + 20)).not.toContain(gone);
    await until(() => seen.includes(come));
  }
  const { errors, statuses } = await running.stop();
  expect([errors, Object.keys(statuses)]).toEqual([[], ['200']]);
});

test('only the lowest priority serves, by its weights, and 0 is next to nothing', async () => {
  const dns = await dnsServer();
  become(dns, [
    { at: '127.0.0.2', port: 81, priority: 1, weight: 30 },
    { at: '127.0.0.3', port: 82, priority: 1, weight: 10 },
    { at: '127.0.0.4', port: 83, priority: 2, weight: 99 },
    { at: '127.0.0.5', port: 84, priority: 1, weight: 0 },
  ]);
  expect(await placesOf(dns)).toEqual(['127.0.0.2:81 2.24', '127.0.0.3:82 0.75', '127.0.0.5:84 0.01']);
});

test('an answer that does not fit into a datagram is asked for by TCP', async () => {
  const dns = await dnsServer();
  dns.isTruncating = true;
  become(
    dns,
    Array.from({ length: 70 }, (_, index) => ({ at: `127.0.1.${index + 100}`, port: 80 })),
  );
  const places = await placesOf(dns);
  expect(places).toHaveLength(64);
  expect(dns.questions).toContain(`tcp SRV ${SERVICE}`);
});

test('a service that is silent, gone or broken keeps its last servers, and follows when it is back', async () => {
  const dns = await dnsServer();
  become(dns, [{ at: '127.0.0.2', port: 80 }]);
  const { names, found, log } = keeper(dns);
  await names.settled(10_000);
  const worse: (() => void)[] = [
    () => (dns.code = RCODE.servfail),
    () => dns.services.set(SERVICE, []),
    () => dns.services.set(SERVICE, [{ target: '', port: 80 }]),
    () => dns.services.set(SERVICE, [{ target: 'gone.test', port: 80 }]),
    () => (dns.isDown = true),
  ];
  for (const change of worse) {
    dns.code = RCODE.none;
    change();
    const { length } = dns.questions;
    await until(() => dns.questions.length >= length + 2);
  }
  expect(found).toHaveLength(1);
  expect(log[0]).toBe(`the service ${SERVICE} can not be resolved (ESERVFAIL); its last addresses are kept`);
  dns.isDown = false;
  become(dns, [{ at: '127.0.0.9', port: 81 }]);
  await until(() => found.length === 2);
  expect(found[1]).toEqual([{ host: '127.0.0.9', port: 81, weight: 1 }]);
});

test('a target that exists no more is left out, and one that can not be asked keeps them all', async () => {
  const dns = await dnsServer();
  become(dns, [
    { at: '127.0.0.2', port: 80 },
    { at: '127.0.0.3', port: 80 },
  ]);
  dns.zone.delete(pod('127.0.0.2'));
  expect(await placesOf(dns)).toEqual(['127.0.0.3:80 1.00']);
});

test('a service nobody knows has no server: a request fails at once, and works when it is known', async () => {
  const { port } = await addressServers('127.0.0.2');
  const dns = await dnsServer();
  const { url, log } = await gatewayOf(dns);
  const since = monotonicMs();
  expect((await fetchOnce(url)).status).toBe(502);
  expect(monotonicMs() - since).toBeLessThan(1_500);
  expect(log.some((line) => line.includes('(ENOTFOUND); it has no server'))).toBe(true);
  become(dns, [{ at: '127.0.0.2', port }]);
  await until(async () => (await fetchOnce(url)).status === 200);
});

test('weights that change reach the servers without a new connection', async () => {
  const pods = await addressServers('127.0.0.2', '127.0.0.3');
  const dns = await dnsServer();
  const weighted = (first: number, second: number) =>
    become(dns, [
      { at: '127.0.0.2', port: pods.port, weight: first },
      { at: '127.0.0.3', port: pods.port, weight: second },
    ]);
  weighted(9, 1);
  const { url } = await gatewayOf(dns);
  const share = async () => {
    const bodies: string[] = [];
    for (let count = 0; count < 20; count += 1) bodies.push((await fetchOnce(url)).body.toString());
    return bodies.filter((body) => body === '127.0.0.2').length;
  };
  expect(await share()).toBe(18);
  weighted(1, 9);
  await until(async () => (await share()) === 2);
});

test('names of services are read strictly, whatever their case', () => {
  expect(serviceHost('_HTTP._tcp.Shop.test.')).toBe('srv:_http._tcp.shop.test');
  const wrong = [
    'shop.test',
    '_http._udp.shop.test',
    '_http._tcp',
    '_http._tcp.',
    '_http._tcp.a..b',
    `_http._tcp.${'a'.repeat(64)}`,
  ];
  for (const name of wrong) expect([name, serviceHost(name)]).toEqual([name, null]);
});
