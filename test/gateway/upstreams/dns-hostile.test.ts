import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { monotonicMs } from '../../../src/core/clock.ts';
import { LIMITS } from '../../../src/core/limits.ts';
import { askService } from '../../../src/gateway/upstreams/dns-ask.ts';
import { serviceAnswer, serviceQuestion } from '../../../src/gateway/upstreams/dns-message.ts';
import { NameKeeper } from '../../../src/gateway/upstreams/names.ts';
import type { Place } from '../../../src/gateway/upstreams/places.ts';
import { resolver } from '../../../src/gateway/upstreams/resolve.ts';
import { isServerAddress } from '../../../src/gateway/upstreams/server-address.ts';
import { nameData, RCODE, record, response, srvData } from '../../kit/dns-records.ts';
import { dnsServer } from '../../kit/dns-server.ts';
import type { DnsServer } from '../../kit/dns-server.ts';

const SERVICE = '_http._tcp.shop.test';
const QUESTION = serviceQuestion(4_711, SERVICE);
const GOOD = record('SRV', 5, srvData({ target: 'a.test', port: 80 }));
const TIMEOUT_MS = 3_000;

async function shop(): Promise<DnsServer> {
  const dns = await dnsServer({ 'a.test': ['127.0.0.2'] });
  dns.services.set(SERVICE, [{ target: 'a.test', port: 80 }]);
  return dns;
}

const ask = (dns: DnsServer, timeoutMs = TIMEOUT_MS) => askService(SERVICE, [dns.address], timeoutMs);

/** The same bytes with another 16-bit number at a place. */
function withWord(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt16BE(value, at);
  return changed;
}

test('forged answers do not end the waiting for the true one', async () => {
  const dns = await shop();
  dns.lie = (query, truth) => {
    const poison = response(query, 0, [record('SRV', 5, srvData({ target: 'evil.test', port: 1 }))]);
    const otherName = serviceQuestion(query.readUInt16BE(0), '_http._tcp.shoq.test');
    return [
      withWord(poison, 0, query.readUInt16BE(0) ^ 1),
      withWord(poison, 2, 0x0100),
      withWord(poison, 4, 0),
      response(otherName, 0, [GOOD]),
      Buffer.alloc(0),
      Buffer.from('nonsense'),
      poison.subarray(0, poison.length - 3),
      truth,
    ];
  };
  const answer = await ask(dns);
  expect(answer).toMatchObject({ kind: 'records', records: [{ target: 'a.test', port: 80 }] });
});

test('records of other names are not looked at, and an alias is followed', () => {
  const evil = srvData({ target: 'evil.test', port: 1 });
  const foreign = record('SRV', 5, evil, nameData('_http._tcp.bank.test'));
  const alias = record('CNAME', 2, nameData('_http._tcp.elsewhere.test'));
  const aliased = record(
    'SRV',
    9,
    srvData({ target: 'b.test', port: 81 }),
    nameData('_http._tcp.elsewhere.test'),
  );
  const of = (...records: Buffer[]) => serviceAnswer(response(QUESTION, 0, records), QUESTION);
  expect(of(foreign)).toEqual({ kind: 'none', code: 'ENODATA' });
  expect(of(foreign, GOOD)).toMatchObject({ records: [{ target: 'a.test' }] });
  expect(of(alias, aliased)).toMatchObject({ records: [{ target: 'b.test', ttlS: 2 }] });
});

test('names that lead round in a circle, or out of the message, are no answer', () => {
  const end = response(QUESTION, 0, []).length;
  const pointing = (to: number) =>
    Buffer.concat([Buffer.alloc(6), Buffer.from([0xc0 | (to >> 8), to & 255])]);
  const at = end + 12 + 6;
  for (const to of [at, at + 1, 16_383]) {
    expect(serviceAnswer(response(QUESTION, 0, [record('SRV', 5, pointing(to))]), QUESTION)).toBeNull();
  }
  const back = serviceAnswer(response(QUESTION, 0, [record('SRV', 5, pointing(12))]), QUESTION);
  expect(back).toMatchObject({ records: [{ target: SERVICE }] });
  const long = nameData(Array.from({ length: 20 }, () => 'x'.repeat(20)).join('.'));
  const tooLong = record('SRV', 5, Buffer.concat([Buffer.alloc(6), long]));
  expect(serviceAnswer(response(QUESTION, 0, [tooLong]), QUESTION)).toBeNull();
});

test('whatever bytes come, reading them ends, throws nothing and finds no more than they can hold', () => {
  const valid = response(QUESTION, 0, [GOOD, GOOD, record('CNAME', 2, nameData('a.b.c'))]);
  const broken = fc
    .array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 12 })
    .map((changes) => {
      const bytes = Buffer.from(valid);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  const any = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.concat([valid.subarray(0, 12), bytes]));
  fc.assert(
    fc.property(fc.oneof(broken, any), (bytes) => {
      const answer = serviceAnswer(bytes, QUESTION);
      if (answer?.kind !== 'records') return;
      expect(answer.records.length).toBeLessThanOrEqual(bytes.length / 18);
      for (const { target, ttlS } of answer.records) {
        expect(target.length).toBeLessThan(256);
        expect(ttlS).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a name server that is slow, cuts again or refuses ends in a code and in bounded time', async () => {
  const dns = await shop();
  dns.delayMs = 30_000;
  const since = monotonicMs();
  expect(await ask(dns, 200)).toEqual({ kind: 'failed', code: 'ETIMEOUT' });
  expect(monotonicMs() - since).toBeLessThan(3_000);
  dns.delayMs = 0;
  dns.code = RCODE.refused;
  expect(await ask(dns)).toEqual({ kind: 'failed', code: 'EREFUSED' });
  dns.code = RCODE.none;
  expect(await askService(SERVICE, ['127.0.0.1:1', dns.address], TIMEOUT_MS)).toMatchObject({
    kind: 'records',
  });
  dns.services.delete(SERVICE);
  expect(await ask(dns)).toEqual({ kind: 'none', code: 'ENOTFOUND' });
});

test('addresses that mean this machine, its segment or everybody are never servers', async () => {
  const never = [
    '0.0.0.0',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    'fe80::1',
    'ff02::1',
    '::ffff:169.254.169.254',
  ];
  for (const address of never) expect([address, isServerAddress(address)]).toEqual([address, false]);
  for (const address of ['127.0.0.1', '10.0.0.1', '::1', 'fd00::1', '203.0.113.7']) {
    expect([address, isServerAddress(address)]).toEqual([address, true]);
  }
  const dns = await dnsServer({ 'shop.test': ['127.0.0.2', '169.254.169.254'] });
  const log: string[] = [];
  const found: (readonly Place[])[] = [];
  const names = new NameKeeper(resolver([dns.address]), (message) => log.push(message));
  onTestFinished(names.watch('shop.test', (places) => found.push(places)));
  await names.settled(5_000);
  expect(found[0]?.map(({ host }) => host)).toEqual(['127.0.0.2']);
});

test('an answer with far too many addresses makes no more servers than the limit', async () => {
  const addresses = Array.from({ length: 500 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
  const dns = await dnsServer({ 'shop.test': addresses });
  dns.isTruncating = true;
  const answer = await resolver([dns.address])('shop.test', false);
  expect('places' in answer && answer.places.length).toBe(LIMITS.dnsAddresses);
  dns.ttlS = 0x7f_ff_ff_ff;
  const long = await resolver([dns.address])('shop.test', false);
  expect('places' in long && long.ttlMs).toBeLessThanOrEqual(LIMITS.dnsMaxTtlMs);
});
