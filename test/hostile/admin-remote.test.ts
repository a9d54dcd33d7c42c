/**
 * Attack: another machine asks the admin API without being anybody, as somebody else, or through the browser of somebody
 * who may; or it takes every connection there is, so that nobody who may can go back.
 * Known from: Kubernetes dashboards and Envoy admin ports that were open to networks (the Tesla incident of 2018,
 * CVE-2019-5736 chains), DNS rebinding, forged X-Forwarded-Client-Cert.
 * Why it works: an API for machines is built for one host, then put on a network with one shared secret or none.
 * Cutover: TLS and a principal for every path, roles, no page of a browser, no header that names a client, no resumed
 * session; of connections without a principal the oldest makes room.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import {
  CLIENTS,
  PEOPLE,
  STRANGERS,
  askRemote,
  clientOf,
  holder,
  named,
  personOf,
  remoteAdmin,
} from '../control/admin-remote-kit.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { CA } from '../kit/certificates.ts';
import { makeCertificate, makeRevocationList, PURPOSES } from '../kit/certificate-maker.ts';
import type { Made } from '../kit/certificate-maker.ts';
import { until } from '../kit/until.ts';

const TOKEN = 'a1'.repeat(20);
const OPS = { type: 'uri', match: 'prefix', value: 'spiffe://shop.example/ops/' } as const;
const ADA = 'spiffe://shop.example/ops/ada';
const WHO = [holder('lead', 'admin', TOKEN), named('ops', 'admin', OPS)];
const COMMAND = JSON.stringify({ who: 'x', reason: 'y' });
const showing = ({ pem, key }: Made) => ({ cert: pem, key, ciphers: 'DEFAULT@SECLEVEL=0' });

/** Asks for the worst that this API can do. */
const attack = async (port: number, options: object, path = '/v1/bypass') => {
  const { headers = {}, ...rest } = options as { headers?: object };
  const all = { 'content-type': 'application/json', ...headers };
  return await askRemote(port, path, { method: 'POST', ...rest, headers: all }, COMMAND);
};

test('a certificate that is not quite right commands nothing, and the client does not hear why', async () => {
  const on = await remoteAdmin(WHO);
  const day = 86_400_000;
  const names = [['uri', ADA] as const];
  const wrong: Record<string, Made> = {
    stranger: personOf(ADA, STRANGERS),
    own: makeCertificate({ names }),
    expired: makeCertificate({
      by: PEOPLE,
      names,
      from: new Date(Date.now() - 3 * day),
      until: new Date(Date.now() - day),
    }),
    server: makeCertificate({ by: PEOPLE, names, purposes: [PURPOSES.server] }),
    purposeless: makeCertificate({ by: PEOPLE, names, purposes: null }),
    authority: makeCertificate({ by: PEOPLE, names, ca: true }),
    weak: makeCertificate({ by: PEOPLE, names, key: 'rsa1024' }),
    odd: makeCertificate({ by: PEOPLE, names: [['uri', `${ADA}\0`]] }),
    common: makeCertificate({ by: PEOPLE, name: ADA }),
    near: personOf('spiffe://shop.example/opsx/ada'),
    folder: personOf('spiffe://shop.example/ops/'),
  };
  const answers = new Set<string>();
  for (const [what, one] of Object.entries(wrong)) {
    const { status, text } = await attack(on.port, showing(one));
    expect([what, status]).toEqual([what, status === 0 ? 0 : 401]);
    if (status !== 0) answers.add(text);
  }
  expect(answers.size).toBe(1);
  expect(on.denials.length).toBeGreaterThanOrEqual(answers.size);
  expect(on.denials.map(({ reason }) => reason)).toEqual(
    expect.arrayContaining(['not_for_clients', 'no_principal']),
  );
  expect(on.backend.asked).toEqual([]);
  expect((await attack(on.port, showing(personOf(ADA)))).status).toBe(200);
});

test('a revoked certificate commands nothing, on no connection', async () => {
  const ada = personOf(ADA);
  const client = { ...CLIENTS, crl: makeRevocationList(PEOPLE, [ada]) };
  const on = await remoteAdmin(WHO, client);
  expect((await attack(on.port, showing(ada))).status).not.toBe(200);
  expect(on.backend.asked).toEqual([]);
  expect((await attack(on.port, showing(personOf(`${ADA}2`)))).status).toBe(200);
});

test('a connection that was let in before a revocation is ended by it', async () => {
  const ada = personOf(ADA);
  const on = await remoteAdmin(WHO, { ...CLIENTS, crl: makeRevocationList(PEOPLE, []) });
  const client = clientOf(on.port, { as: ada });
  expect((await client.status()).rollout.phase).toBe('shadow');
  const crl = makeRevocationList(PEOPLE, [ada]);
  await on.desk.follow({ ...on.remote, client: { ...CLIENTS, crl } });
  await expect(client.status()).rejects.toMatchObject({ name: 'CutoverError' });
});

test('what a client says about itself in headers is believed nowhere', async () => {
  const on = await remoteAdmin(WHO);
  const lies = [
    { 'x-forwarded-client-cert': `URI=${ADA}` },
    { 'ssl-client-verify': 'SUCCESS', 'ssl-client-subject-dn': 'CN=ada' },
    { authorization: `Basic ${Buffer.from(`lead:${TOKEN}`).toString('base64')}` },
    { authorization: `Bearer ${TOKEN.slice(0, -1)}` },
    { authorization: `Bearer ${TOKEN}x` },
    { authorization: `Bearer ${TOKEN.toUpperCase()}` },
    { authorization: `Bearer  ` },
    { authorization: TOKEN },
    { Authorization: [`Bearer ${TOKEN}`, `Bearer ${TOKEN}`] },
    { Authorization: [`Bearer ${TOKEN}`, 'Basic x'] },
    { cookie: `token=${TOKEN}` },
    { 'x-forwarded-for': '127.0.0.1', host: 'localhost' },
  ];
  for (const headers of lies) expect((await attack(on.port, { headers })).status).toBe(401);
  expect((await attack(on.port, {}, `/v1/bypass?token=${TOKEN}&access_token=${TOKEN}`)).status).toBe(401);
  expect(on.backend.asked).toEqual([]);
});

test('a page in the browser of somebody who may is refused, whatever the browser shows', async () => {
  const on = await remoteAdmin(WHO);
  const ada = showing(personOf(ADA));
  const origins = ['https://evil.example', 'null', `https://localhost:${on.port}`];
  for (const origin of origins) {
    expect((await attack(on.port, { ...ada, headers: { origin } })).status).toBe(403);
  }
  const form = { ...ada, headers: { 'content-type': 'text/plain' } };
  expect((await attack(on.port, form)).status).toBe(415);
  expect(on.backend.asked).toEqual([]);
});

test('neither plain HTTP nor old TLS gets a word out of it', async () => {
  const on = await remoteAdmin(WHO);
  const plain = connect(on.port, '127.0.0.1');
  let heard = '';
  plain.setEncoding('latin1').on('data', (chunk: string) => (heard += chunk));
  plain.on('error', () => undefined);
  plain.write(`GET /v1/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
  await new Promise((resolve) => plain.once('close', resolve));
  expect(heard).not.toContain('HTTP/1.1 2');
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
  expect(
    (
      await askRemote(on.port, '/v1/status', {
        ...old,
        headers: { authorization: `Bearer ${TOKEN}` },
      } as object)
    ).status,
  ).toBe(0);
  const ok = await askRemote(on.port, '/v1/status', { headers: { authorization: `Bearer ${TOKEN}` } });
  expect(ok.status).toBe(200);
});

test('no session is resumed, so that each connection shows its certificate', async () => {
  const on = await remoteAdmin(WHO);
  const ada = showing(personOf(ADA));
  let session: Buffer | undefined;
  const reused: boolean[] = [];
  for (const version of ['TLSv1.2', 'TLSv1.2', 'TLSv1.3', 'TLSv1.3'] as const) {
    const socket = connectTls({
      port: on.port,
      host: 'localhost',
      ca: CA,
      ...ada,
      maxVersion: version,
      ...(session === undefined ? {} : { session }),
    });
    socket.on('session', (one) => (session = one));
    socket.on('error', () => undefined);
    socket.once('secureConnect', () => reused.push(socket.isSessionReused()));
    socket.write(`GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    await new Promise((resolve) => socket.once('close', resolve).resume());
  }
  expect(reused).toEqual([false, false, false, false]);
});

test('connections that say nothing keep nobody out', { timeout: 60_000 }, async () => {
  const on = await remoteAdmin(WHO);
  const client = clientOf(on.port, { token: TOKEN });
  await client.status();
  const flood: Socket[] = [];
  onTestFinished(() => {
    for (const socket of flood) socket.destroy();
  });
  for (let count = 0; count < 3 * LIMITS.adminConnections; count += 1) {
    const socket = connect(on.port, '127.0.0.1');
    socket.on('error', () => undefined);
    flood.push(socket);
  }
  await until(() => flood.every(({ connecting }) => !connecting), 'the flood to be there');
  const rolledBack = await clientOf(on.port, { token: TOKEN }).bypass({ who: 'ada', reason: 'an attack' });
  expect(rolledBack.rollout.bypass).toBe(true);
  expect((await client.status()).rollout.bypass).toBe(true);
  await until(
    () => flood.every(({ destroyed }) => destroyed),
    'the flood to be gone',
    3 * LIMITS.adminHandshakeMs,
  );
});
