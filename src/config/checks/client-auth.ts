import type { X509Certificate } from 'node:crypto';
import { verify } from 'node:crypto';
import { wallMs } from '../../core/clock.ts';
import { LIMITS } from '../../core/limits.ts';
import { pemBlocks, readRevocationList, subjectOf } from '../../core/x509.ts';
import type { RevocationList } from '../../core/x509.ts';
import { readCertificates } from '../certificates.ts';
import type { Inputs } from '../inputs.ts';
import { readInput } from '../inputs.ts';
import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey, warning } from '../problem.ts';
import { entriesAt, textAt, valueAt } from '../view.ts';

const NEEDS_CLIENTS = ['clientCa', 'crl', 'crlFailure', 'clientPolicy'] as const;

/** Authorities, lists and rules by which clients prove themselves, of a listener or of one of its certificates. */
export function checkClientAuth(raw: unknown, place: Path, inputs: Inputs): Finding[] {
  const mode = textAt(raw, [...place, 'clientAuth']);
  if (mode === null || mode === 'none') return idleKeys(raw, place);
  const authorities = authoritiesAt(raw, place, inputs);
  return [...authorities.findings, ...checkLists(raw, place, inputs, authorities.found)];
}

function idleKeys(raw: unknown, place: Path): Finding[] {
  return NEEDS_CLIENTS.filter((key) => valueAt(raw, [...place, key]) !== undefined).map((key) =>
    errorAtKey(
      [...place, key],
      'no client is asked for a certificate here',
      'add clientAuth: required, or remove it',
    ),
  );
}

interface Authorities {
  readonly found: readonly X509Certificate[];
  readonly findings: readonly Finding[];
}

function authoritiesAt(raw: unknown, place: Path, inputs: Inputs): Authorities {
  const domains = entriesAt(raw, [...place, 'clientPolicy', 'trustDomains']).map(([name]) => [
    ...place,
    'clientPolicy',
    'trustDomains',
    name,
  ]);
  const paths = [[...place, 'clientCa'], ...domains].filter((path) => textAt(raw, path) !== null);
  if (paths.length === 0) {
    const hint = 'add clientCa: ./tls/clients-ca.pem, with the authorities that make their certificates';
    return {
      found: [],
      findings: [error([...place, 'clientAuth'], 'there is nothing to verify clients by', hint)],
    };
  }
  const read = paths.map((path) => readAuthorities(raw, path, inputs));
  return { found: read.flatMap(({ found }) => found), findings: read.flatMap(({ findings }) => findings) };
}

function readAuthorities(raw: unknown, path: Path, inputs: Inputs): Authorities {
  const read = readInput(inputs, textAt(raw, path) ?? '', LIMITS.certificateBytes);
  if (!read.ok) return { found: [], findings: [error(path, read.message, read.hint)] };
  const found = readCertificates(read.text);
  if (found === null)
    return {
      found: [],
      findings: [error(path, 'there is no certificate in this file', 'write authorities as PEM')],
    };
  const plain = found.find(({ ca }) => !ca);
  const expired = found.filter(({ validToDate }) => validToDate.getTime() < wallMs());
  if (plain !== undefined)
    return {
      found,
      findings: [
        error(
          path,
          `${nameOf(plain)} is no authority`,
          'write the certificates of those who make certificates',
        ),
      ],
    };
  const finding = expired.length === found.length ? error : warning;
  return {
    found,
    findings: expired.map((one) =>
      finding(path, `the authority ${nameOf(one)} has expired`, 'renew it, or remove it'),
    ),
  };
}

function checkLists(
  raw: unknown,
  place: Path,
  inputs: Inputs,
  authorities: readonly X509Certificate[],
): Finding[] {
  const path = [...place, 'crl'];
  const file = textAt(raw, path);
  if (file === null) {
    if (valueAt(raw, [...place, 'crlFailure']) === undefined) return [];
    return [
      errorAtKey(
        [...place, 'crlFailure'],
        'there is no list that could be out of date',
        'add crl, or remove it',
      ),
    ];
  }
  const read = readInput(inputs, file, LIMITS.revocationListBytes);
  if (!read.ok) return [error(path, read.message, read.hint)];
  const lists = pemBlocks(read.text, 'X509 CRL').map(readRevocationList);
  if (lists.length === 0)
    return [error(path, 'there is no list in this file', 'write PEM with -----BEGIN X509 CRL-----')];
  const isClosed = textAt(raw, [...place, 'crlFailure']) !== 'open';
  return [
    ...lists.flatMap((list) => checkList(path, list, authorities, isClosed)),
    ...(isClosed ? checkCover(path, lists, authorities) : []),
  ];
}

function checkList(
  path: Path,
  list: RevocationList | null,
  authorities: readonly X509Certificate[],
  isClosed: boolean,
): Finding[] {
  if (list === null)
    return [error(path, 'a list in this file cannot be read', 'make it anew: openssl ca -gencrl')];
  const maker = authorities.find(({ raw }) => subjectOf(raw) === list.issuer);
  const who = maker === undefined ? 'an authority that clients bring along' : nameOf(maker);
  if (list.critical.length > 0)
    return [
      error(
        path,
        `the list of ${who} is for some certificates alone`,
        'write a complete list of each authority',
      ),
    ];
  if (maker !== undefined && !isSignedBy(list, maker))
    return [
      error(path, `the list of ${who} is not signed by it`, 'write the list that this authority has made'),
    ];
  if (list.nextUpdateMs === null)
    return [
      error(path, `the list of ${who} does not say until when it is valid`, 'make it with a next update'),
    ];
  if (list.nextUpdateMs > wallMs()) return [];
  const result = isClosed ? 'nobody gets in' : 'who was revoked since gets in';
  const day = new Date(list.nextUpdateMs).toISOString().slice(0, 16);
  return [
    warning(
      path,
      `the list of ${who} is out of date since ${day}: ${result}`,
      'renew it, then: cutover reload',
    ),
  ];
}

/** OpenSSL wants a list of every authority of a chain: one that has none locks out everybody behind it. */
function checkCover(
  path: Path,
  lists: readonly (RevocationList | null)[],
  authorities: readonly X509Certificate[],
): Finding[] {
  const listed = new Set(lists.map((list) => list?.issuer));
  return authorities
    .filter(({ raw }) => !listed.has(subjectOf(raw) ?? ''))
    .map((one) =>
      error(
        path,
        `there is no list of ${nameOf(one)}: everybody behind it would be refused`,
        'add its list to this file, an empty one where nobody is revoked',
      ),
    );
}

const HASHES: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
  '1.3.101.113': null,
};

function isSignedBy(
  { signed, signature, algorithm }: RevocationList,
  { publicKey }: X509Certificate,
): boolean {
  const hash = HASHES[algorithm];
  if (hash === undefined) return false;
  try {
    return verify(hash, signed, publicKey, signature);
  } catch {
    // A key of another kind than the signature: it is not its own.
    return false;
  }
}

function nameOf({ subject }: X509Certificate): string {
  return subject.replaceAll('\n', ', ');
}
