import fc from 'fast-check';
import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  alternativeNamesOf,
  extensionsOf,
  issuerOf,
  OID,
  pemBlocks,
  plainSerial,
  purposesOf,
  readRevocationList,
  subjectOf,
} from '../../src/core/x509.ts';
import { makeAuthority, makeCertificate, makeRevocationList, PURPOSES } from '../kit/certificate-maker.ts';
import { certificate } from '../kit/certificates.ts';

const root = makeAuthority('root');
const made = makeCertificate({
  by: root,
  purposes: [PURPOSES.client, PURPOSES.server],
  names: [
    ['uri', 'urn:x'],
    ['dns', 'a\0b'],
    ['email', 'a@b'],
    ['dns', 'c'],
  ],
});
const list = makeRevocationList(root, [made]);

test('reads what OpenSSL has written and what the kit writes, name by name', () => {
  const theirs = new X509Certificate(certificate('server.pem'));
  const names = extensionsOf(theirs.raw)?.get(OID.subjectAltName);
  expect(names && alternativeNamesOf(names)?.dnsNames).toEqual(['server.test', 'localhost']);
  const ours = extensionsOf(made.der);
  expect(
    alternativeNamesOf(ours?.get(OID.subjectAltName) ?? { critical: false, value: Buffer.alloc(0) }),
  ).toEqual({
    uris: ['urn:x'],
    dnsNames: ['a\0b', 'c'],
    emails: ['a@b'],
  });
  expect(purposesOf(ours?.get(OID.extendedKeyUsage) ?? { critical: false, value: Buffer.alloc(0) })).toEqual([
    PURPOSES.client,
    PURPOSES.server,
  ]);
  expect(issuerOf(made.der)).toBe(subjectOf(root.der));
});

test('reads a list of revoked certificates with its dates and serial numbers', () => {
  const read = readRevocationList(pemBlocks(list, 'X509 CRL')[0] ?? Buffer.alloc(0));
  expect(read?.issuer).toBe(subjectOf(root.der));
  expect([...(read?.serials ?? [])]).toEqual([plainSerial(new X509Certificate(made.pem).serialNumber)]);
  expect(read?.nextUpdateMs).toBeGreaterThan(Date.now());
  expect(read?.critical).toEqual([]);
});

test('never throws, whatever bytes it is given, cut or changed', () => {
  const crl = pemBlocks(list, 'X509 CRL')[0] ?? Buffer.alloc(0);
  const changed = fc
    .tuple(fc.constantFrom(made.der, crl), fc.nat(), fc.nat({ max: 255 }), fc.nat())
    .map(([bytes, at, byte, cut]) => {
      const copy = Buffer.from(bytes);
      copy[at % copy.length] = byte;
      return cut % 3 === 0 ? copy.subarray(0, cut % copy.length) : copy;
    });
  fc.assert(
    fc.property(
      fc.oneof(
        changed,
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      ),
      (bytes) => {
        for (const extension of extensionsOf(bytes)?.values() ?? []) {
          alternativeNamesOf(extension);
          purposesOf(extension);
        }
        readRevocationList(bytes);
        issuerOf(bytes);
        subjectOf(bytes);
      },
    ),
    { numRuns: 3_000 },
  );
});
