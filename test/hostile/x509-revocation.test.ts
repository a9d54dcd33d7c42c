/**
 * Attack: a certificate that was taken back goes on: on a connection that stands, by a session that is resumed, or while
 * the list that names it is out of date.
 * Known from: RFC 5280, section 6.3; resumption skips the certificate (RFC 8446, section 2.2), and so did many servers.
 * Why it works: revocation is looked at in the handshake, and none of these has a handshake any more.
 * Cutover: OpenSSL looks at the lists in the handshake. Sessions are sealed under the lists they were verified by, so that
 * a new list ends them all; a connection that stands is judged again at its next request.
 */
import { expect, test } from 'vitest';
import { makeAuthority, makeCertificate, makeRevocationList } from '../kit/certificate-maker.ts';
import {
  clientsOf,
  expectDenied,
  expectServed,
  secured,
  secureStage,
  speaking,
  VERSIONS,
} from './tls-kit.ts';

const root = makeAuthority('root');
const good = makeCertificate({ by: root, name: 'good' });
const bad = makeCertificate({ by: root, name: 'bad' });
const DAY_MS = 86_400_000;
const stale = { from: new Date(Date.now() - 3 * DAY_MS), until: new Date(Date.now() - DAY_MS) };
const nobody = makeRevocationList(root, []);
const revoked = makeRevocationList(root, [bad]);

test('a revoked client is refused in its handshake, another one of the same authority is not', async () => {
  const on = await secureStage(secured(clientsOf(root, { crl: revoked })));
  await expectDenied(on, { as: bad }, 0);
  await expectServed(on, { as: good });
});

test.each(VERSIONS)('a session of %s from before the revocation is not resumed', async (version) => {
  const on = await secureStage(secured(clientsOf(root, { crl: nobody })));
  const { session } = await expectServed(on, { as: bad, ...speaking(version) });
  const resumed = await expectServed(on, { as: bad, session, ...speaking(version) });
  expect(resumed.reused).toBe(true);
  on.secure(secured(clientsOf(root, { crl: revoked })));
  const seen = await expectDenied(on, { as: bad, session, ...speaking(version) }, 0);
  expect(seen.reused).toBe(false);
  await expectServed(on, { as: good, ...speaking(version) });
});

test('a connection whose certificate is revoked is closed at its next request, and the others stay', async () => {
  const on = await secureStage(secured(clientsOf(root, { crl: nobody })));
  const taken = on.hold({ as: bad });
  const kept = on.hold({ as: good });
  expect([await taken.ask(), await kept.ask()]).toEqual([200, 200]);
  on.secure(secured(clientsOf(root, { crl: revoked })));
  on.legacy.forget();
  expect(await taken.ask('/after')).toBe(403);
  expect(taken.text).toContain('Connection: close');
  expect(on.legacy.bytes).toBe('');
  expect(await kept.ask('/after')).toBe(200);
});

test('an intermediate that is revoked takes its clients with it, also on connections that stand', async () => {
  const below = makeAuthority('below', { by: root });
  const client = { as: makeCertificate({ by: below }), with: [below] };
  const own = makeRevocationList(below, []);
  const on = await secureStage(secured(clientsOf(root, { crl: nobody + own })));
  const held = on.hold(client);
  expect(await held.ask()).toBe(200);
  on.secure(secured(clientsOf(root, { crl: makeRevocationList(root, [below]) + own })));
  expect(await held.ask()).toBe(403);
  await expectDenied(on, client, 0);
});

test('with a list that is out of date nobody comes in, or whoever is not in it, as it was said', async () => {
  const old = makeRevocationList(root, [bad], stale);
  const on = await secureStage(secured(clientsOf(root, { crl: old })));
  await expectDenied(on, { as: good }, 0);
  on.secure(secured(clientsOf(root, { crl: old, crlFailure: 'open' })));
  await expectDenied(on, { as: bad }, 403);
  await expectServed(on, { as: good });
});

test('a connection that stands is closed when its list has gone out of date, unless that is to be let through', async () => {
  const soon = makeRevocationList(root, [], { until: new Date(Date.now() + 2_500) });
  const closed = await secureStage(secured(clientsOf(root, { crl: soon })));
  const open = await secureStage(secured(clientsOf(root, { crl: soon, crlFailure: 'open' })));
  const [one, other] = [closed.hold({ as: good }), open.hold({ as: good })];
  expect([await one.ask(), await other.ask()]).toEqual([200, 200]);
  await expect.poll(() => one.ask(), { timeout: 10_000, interval: 200 }).toBe(403);
  expect(await other.ask()).toBe(200);
});

test('a client of an authority that was taken off is closed at its next request', async () => {
  const renewed = makeAuthority('renewed');
  const on = await secureStage(secured(clientsOf([root, renewed])));
  const [old, fresh] = [on.hold({ as: good }), on.hold({ as: makeCertificate({ by: renewed }) })];
  expect([await old.ask(), await fresh.ask()]).toEqual([200, 200]);
  on.secure(secured(clientsOf(renewed)));
  expect([await old.ask(), await fresh.ask()]).toEqual([403, 200]);
});
