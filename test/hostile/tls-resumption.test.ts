/**
 * Attack: a session that began where anybody may come in is resumed where certificates are asked for, or one of another
 * authority's client. A resumed session shows no certificate, and OpenSSL takes a ticket before it looks at the name.
 * Known from: CVE-2025-23419 (nginx): server blocks that share an address, TLS 1.3.
 * Why it works: one key for all tickets makes a session of one policy a session of all of them.
 * Cutover: each policy has keys and a context of its own, and the name in the ClientHello chooses before OpenSSL reads.
 * A session is judged like a first handshake; what cannot be judged from a session is not resumed at all.
 */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { makeAuthority, makeCertificate } from '../kit/certificate-maker.ts';
import {
  askingFor,
  clientsOf,
  expectDenied,
  expectServed,
  POLICY,
  secured,
  secureStage,
  serverFor,
  speaking,
  VERSIONS,
} from './tls-kit.ts';

const one = makeAuthority('one');
const two = makeAuthority('two');
const client = makeCertificate({ by: one });
const names = {
  a: { ...serverFor('a.example'), names: ['a.example'] },
  b: { ...serverFor('b.example'), names: ['b.example'] },
  open: { ...serverFor('open.example'), names: ['open.example'] },
};
const divided = {
  ...serverFor('default.example'),
  certificates: [{ ...names.a, client: clientsOf(one) }, { ...names.b, client: clientsOf(two) }, names.open],
};

test.each(VERSIONS)('workers with the same keys resume the sessions of each other: %s', async (version) => {
  const keys = { current: randomBytes(48), previous: null };
  const [first, second] = [
    await secureStage(secured(clientsOf(one))),
    await secureStage(secured(clientsOf(one))),
  ];
  for (const worker of [first, second]) worker.gateway.gateway.useTicketKeys(keys);
  const { session } = await expectServed(first, { as: client, ...speaking(version) });
  const there = await expectServed(second, { as: client, session, ...speaking(version) });
  expect(there.reused).toBe(true);
});

test.each(VERSIONS)(
  'a session survives one rotation of the keys and not a second one: %s',
  async (version) => {
    const [a, b, c] = [randomBytes(48), randomBytes(48), randomBytes(48)];
    const on = await secureStage(secured(clientsOf(one)));
    const { gateway } = on.gateway;
    gateway.useTicketKeys({ current: a, previous: null });
    const how = { as: client, ...speaking(version) };
    const { session } = await expectServed(on, how);
    gateway.useTicketKeys({ current: b, previous: a });
    expect((await expectServed(on, { ...how, session })).reused).toBe(true);
    gateway.useTicketKeys({ current: c, previous: b });
    expect((await expectServed(on, { ...how, session })).reused).toBe(false);
  },
);

test.each(VERSIONS)(
  'no session crosses to a name with another authority, or from a name that asks nobody: %s',
  async (version) => {
    const on = await secureStage(divided);
    const to = (name: string) => ({ ...askingFor(name), ...speaking(version) });
    const request = (name: string) => [`GET /asked HTTP/1.1\r\nHost: ${name}\r\n\r\n`];
    const a = await expectServed(on, { ...to('a.example'), as: client, bytes: request('a.example') });
    const open = await expectServed(on, { ...to('open.example'), bytes: request('open.example') });
    const again = await expectServed(on, {
      ...to('a.example'),
      as: client,
      session: a.session,
      bytes: request('a.example'),
    });
    expect(again.reused).toBe(true);
    for (const { session } of [a, open]) {
      const crossed = await expectDenied(on, { ...to('b.example'), as: client, session }, 0);
      expect(crossed.reused).toBe(false);
    }
    const crossed = await expectDenied(on, { ...to('a.example'), session: open.session }, 0);
    expect(crossed.reused).toBe(false);
  },
);

// OpenSSL of today refuses a session under another name by itself, and takes it up when no name is asked for.
test.each(VERSIONS)('no session of a name crosses to a client that asks for none: %s', async (version) => {
  const closed = { ...serverFor('default.example'), client: clientsOf(two), certificates: [names.open] };
  const on = await secureStage(closed);
  const request = ['GET /asked HTTP/1.1\r\nHost: open.example\r\n\r\n'];
  const { session } = await expectServed(on, {
    ...askingFor('open.example'),
    ...speaking(version),
    bytes: request,
  });
  const nameless = { ...askingFor(''), ...speaking(version), rejectUnauthorized: false };
  const crossed = await expectDenied(on, { ...nameless, session }, 0);
  expect(crossed.reused).toBe(false);
});

test.each(VERSIONS)(
  'no session crosses to another listener with the same name and another authority: %s',
  async (version) => {
    const listener = (ca: typeof one) => ({
      host: '127.0.0.1',
      port: 0,
      region: null,
      tls: secured(clientsOf(ca)),
    });
    const on = await secureStage(secured(clientsOf(one)), {
      listeners: [listener(one), listener(two), listener(one)],
    });
    const [first = 0, second = 0, third = 0] = on.gateway.urls.map((url) => Number(new URL(url).port));
    const how = { as: client, ...speaking(version) };
    const { session } = await expectServed(on, { ...how, port: first });
    expect((await expectServed(on, { ...how, port: first, session })).reused).toBe(true);
    await expectDenied(on, { ...how, port: second, session }, 0);
    expect((await expectServed(on, { ...how, port: third, session })).reused).toBe(false);
  },
);

test.each(VERSIONS)(
  'who was denied by the policy has a session, and is denied with it: %s',
  async (version) => {
    const policy = { ...POLICY, names: [{ type: 'dns', match: 'exact', value: 'web.example' }] } as const;
    const on = await secureStage(secured(clientsOf(one, { policy })));
    const how = { as: client, ...speaking(version) };
    const { session } = await expectDenied(on, how, 403);
    expect(session).toBeDefined();
    const seen = await expectDenied(on, { ...how, session }, 403);
    expect(seen.reused).toBe(true);
    await expectServed(on, { as: makeCertificate({ by: one, names: [['dns', 'web.example']] }) });
  },
);

test.each(VERSIONS)(
  'a client without a certificate resumes nothing that would need one: %s',
  async (version) => {
    const on = await secureStage(secured(clientsOf(one, { mode: 'optional' })));
    const { session } = await expectServed(on, speaking(version));
    on.secure(secured(clientsOf(one)));
    const seen = await expectDenied(on, { ...speaking(version), session }, 0);
    expect(seen.reused).toBe(false);
  },
);

test.each(VERSIONS)(
  'where the policy looks at the whole chain, no session is resumed: %s',
  async (version) => {
    const trustDomains = [{ name: 'shop.example', ca: one.pem }];
    const on = await secureStage(secured(clientsOf(one, { policy: { ...POLICY, trustDomains } })));
    const spiffe = makeCertificate({ by: one, names: [['uri', 'spiffe://shop.example/web']] });
    const how = { as: spiffe, ...speaking(version) };
    const { session } = await expectServed(on, how);
    expect((await expectServed(on, { ...how, session })).reused).toBe(false);
  },
);

test('a request for a host with another policy than the connection is sent away', async () => {
  const on = await secureStage(divided);
  const request = (name: string) => [`GET /asked HTTP/1.1\r\nHost: ${name}\r\n\r\n`];
  await expectDenied(on, { ...askingFor('a.example'), as: client, bytes: request('b.example') }, 421);
  await expectDenied(on, { ...askingFor('open.example'), bytes: request('A.example:8443') }, 421);
  // A final dot names the same host, for servers too.
  for (const other of ['b.example.', 'B.EXAMPLE.', 'b.example.:443'])
    await expectDenied(on, { ...askingFor('a.example'), as: client, bytes: request(other) }, 421);
  const absolute = ['GET http://b.example/asked HTTP/1.1\r\nHost: b.example\r\n\r\n'];
  await expectDenied(on, { ...askingFor('a.example'), as: client, bytes: absolute }, 421);
  await expectServed(on, { ...askingFor('a.example'), as: client, bytes: request('a.example.:443') });
  await expectServed(on, { ...askingFor('a.example'), as: client, bytes: request('A.Example:443') });
});
