/**
 * Attack: a name in the ClientHello that is none, is unknown, or is read in two ways: an address, a NUL, a path, a length
 * that lies, two entries, upper case, a trailing dot.
 * Known from: CVE-2026-21637 (Node: `SNICallback` that throws), SNI injection into logs and file names.
 * Why it works: the name is the client's own text, read before anything is known about it, and what chooses
 * certificates, files or log lines by it is led by the client.
 * Cutover: the name chooses among names that are known and is used for nothing else; there is no callback. A name without a
 * certificate gets the listener's own, or is refused in the handshake where that is wanted.
 */
import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { until } from '../kit/until.ts';
import { askingFor, expectServed, helloBytes, refusals, secureStage, serverFor } from './tls-kit.ts';
import type { SecureStage } from './tls-kit.ts';

const listener = {
  ...serverFor('default.example', '*.default.example'),
  names: ['default.example', '*.default.example'],
  certificates: [
    { ...serverFor('a.example'), names: ['a.example'] },
    { ...serverFor('*.w.example'), names: ['*.w.example'] },
    { ...serverFor('x.w.example'), names: ['x.w.example'] },
  ],
};

/** The first name in the certificate that a client is shown; '' when it is refused. */
async function shown(on: SecureStage, servername: string): Promise<string> {
  const client = on.hold({ ...askingFor(servername), rejectUnauthorized: false });
  await until(() => client.isOver || client.socket.getProtocol() !== null, 'the handshake');
  await until(() => client.isOver || client.socket.getPeerX509Certificate() !== undefined, 'a certificate');
  const certificate: X509Certificate | undefined = client.socket.getPeerX509Certificate();
  client.socket.destroy();
  return client.isOver && certificate === undefined ? '' : (certificate?.subject.replace('CN=', '') ?? '');
}

test('each name gets its certificate, exact before wildcard, and every other one that of the listener', async () => {
  const on = await secureStage(listener);
  expect(await shown(on, 'a.example')).toBe('a.example');
  expect(await shown(on, 'A.EXAMPLE')).toBe('a.example');
  expect(await shown(on, 'y.w.example')).toBe('*.w.example');
  expect(await shown(on, 'x.w.example')).toBe('x.w.example');
  for (const odd of [
    'w.example',
    'z.y.w.example',
    'unknown.example',
    'a.example.',
    '127.0.0.1.x',
    '*.w.example',
    'a/../b',
    'a b',
    '__proto__',
    'constructor',
    '',
  ])
    expect([odd, await shown(on, odd)]).toEqual([
      odd,
      odd === '*.w.example' ? 'default.example' : 'default.example',
    ]);
});

test('a name without a certificate is refused in the handshake where that is wanted, and so is no name', async () => {
  const on = await secureStage({ ...listener, refusesUnknown: true });
  for (const odd of ['unknown.example', 'w.example', 'a.example.', '']) {
    const seen = await on.ask({ ...askingFor(odd), rejectUnauthorized: false });
    expect([odd, seen.statuses]).toEqual([odd, []]);
    expect(seen.error).toMatch(/unrecognized name/i);
  }
  expect(refusals(on)).toEqual({ tls_handshake: 4 });
  expect(on.legacy.bytes).toBe('');
  await expectServed(on, askingFor('a.example'));
  await expectServed(on, askingFor('shop.default.example'));
});

test('a name that holds a NUL, a line break or a second entry names nobody, and stands in no log', async () => {
  const on = await secureStage({ ...listener, refusesUnknown: true });
  const hello = await helloBytes();
  const at = hello.indexOf('localhost');
  for (const odd of ['local\0ost', 'loca\r\nost', 'a.\0xample', 'l\u00e9calhost', 'localhos/', 'localhos:']) {
    const bytes = Buffer.from(hello);
    bytes.write(odd, at, 'latin1');
    const socket = connect({ port: on.port, host: '127.0.0.1' });
    const [answer] = (await once(socket.end(bytes), 'data')) as [Buffer];
    // unrecognized_name
    expect([...answer]).toEqual([21, 3, 3, 0, 2, 2, 112]);
    socket.destroy();
  }
  expect(refusals(on)).toEqual({ tls_handshake: 6 });
  expect(on.legacy.bytes).toBe('');
  await expectServed(on, askingFor('a.example'));
});
