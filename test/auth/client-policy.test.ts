import fc from 'fast-check';
import { expect, test } from 'vitest';
import { factsOf } from '../../src/auth/certificate-facts.ts';
import type { CertificateFacts } from '../../src/auth/certificate-facts.ts';
import { ClientVerifier } from '../../src/auth/client-certificate.ts';
import { subjectText } from '../../src/auth/client-name.ts';
import { policyFault } from '../../src/auth/client-policy.ts';
import { readSpiffeId } from '../../src/auth/spiffe.ts';
import type { ClientPolicy } from '../../src/core/snapshot.ts';
import { makeAuthority, makeCertificate, makeRevocationList } from '../kit/certificate-maker.ts';
import type { Wanted } from '../kit/certificate-maker.ts';
import { POLICY } from '../hostile/tls-kit.ts';

const root = makeAuthority('root');
const nowMs = Date.now();

function facts(wanted: Wanted = {}): CertificateFacts {
  const read = factsOf(makeCertificate({ by: root, ...wanted }).der);
  if (read === null) throw new Error('unreadable');
  return read;
}

const judge = (one: CertificateFacts, policy: Partial<ClientPolicy> = {}, atMs = nowMs) =>
  policyFault([one], { ...POLICY, ...policy }, atMs, () => true);

test('lets a certificate in that is for clients, strong and valid, and says what is wrong with any other', () => {
  const client = facts();
  expect(judge(client)).toBe(null);
  expect(judge(client, {}, client.untilMs + 1)).toBe('expired');
  expect(judge(client, {}, client.fromMs - 1)).toBe('expired');
  expect(judge(client, { maxLifetimeMs: 1_000 })).toBe('lives_too_long');
  expect(judge(client, { minEcBits: 384 })).toBe('weak_key');
  expect(judge(client, { pins: ['x'] })).toBe('not_pinned');
  expect(judge(facts({ purposes: null }))).toBe('not_for_clients');
  expect(judge(facts({ ca: true, purposes: ['1.3.6.1.5.5.7.3.2'] }))).toBe('is_authority');
  expect(judge(facts({ hash: 'sha1' }))).toBe('weak_signature');
  expect(judge(facts({ key: 'rsa1024' }))).toBe('weak_key');
  expect(judge(facts({ names: [['dns', 'a\0b']] }))).toBe('odd_name');
  expect(policyFault([], POLICY, nowMs, () => true)).toBe('unreadable');
});

test('reads SPIFFE IDs by their grammar, and no other text as one', () => {
  const domain = fc.stringMatching(/^[a-z0-9._-]{1,40}$/);
  const segment = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
  fc.assert(
    fc.property(domain, fc.array(segment, { maxLength: 5 }), (trustDomain, segments) => {
      const path = segments.map((one) => `/${one}`).join('');
      expect(readSpiffeId(`spiffe://${trustDomain}${path}`)).toEqual({ trustDomain, path });
      for (const tail of ['/', '//a', '/..', '/.', '?x', '#x', '/%41', '/ä'])
        expect(readSpiffeId(`spiffe://${trustDomain}${path}${tail}`)).toBe(null);
    }),
  );
  expect(readSpiffeId(`spiffe://a/${'x'.repeat(3_000)}`)).toBe(null);
});

test('writes any subject as printable text without a quote and without a backslash before one', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (common) => {
      const text = subjectText(
        factsOf(makeCertificate({ by: root, name: common }).der)?.certificate.subject ?? '',
      );
      expect(text).toMatch(/^[\x20\x21\x23-\x7e]*$/);
      expect(text).not.toMatch(/\\(?![0-9A-F]{2})/i);
    }),
    { numRuns: 60 },
  );
});

test('a verdict ends when the certificate or the list does, whichever is first', () => {
  const made = makeCertificate({ by: root });
  const until = new Date(Math.ceil(nowMs / 1_000) * 1_000 + 60_000);
  const auth = {
    mode: 'required',
    ca: root.pem,
    crl: makeRevocationList(root, [], { until }),
    crlFailure: 'closed',
    policy: POLICY,
  } as const;
  const verifier = new ClientVerifier(auth);
  const verdict = verifier.verify([made.der, root.der], nowMs);
  expect(verdict).toMatchObject({ fault: null, untilMs: until.getTime() });
  expect(verifier.verify([made.der, root.der], until.getTime() + 1).fault).toBe('crl_out_of_date');
  expect(verifier.verify([made.der.subarray(0, 100)], nowMs)).toMatchObject({
    identity: null,
    fault: 'unreadable',
  });
  expect(verifier.verify([], nowMs).fault).toBe('unreadable');
});
