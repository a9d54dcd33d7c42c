import { childrenOf, contentOf, DER, oidOf, readElement, sequenceOf, timeOf, wholeOf } from './der.ts';
import type { DerElement } from './der.ts';

/** One extension of a certificate or of a list of revoked ones. */
export interface Extension {
  readonly critical: boolean;
  readonly value: Buffer;
}

export type Extensions = ReadonlyMap<string, Extension>;

/** OIDs of RFC 5280. */
export const OID = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  extendedKeyUsage: '2.5.29.37',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

const EXTENSIONS_OF_CERTIFICATE = 0xa3;
const EXTENSIONS_OF_LIST = 0xa0;

/**
 * The extensions of a certificate, by OID.
 * @param der the whole certificate
 * @returns null when it cannot be read, or has one twice (RFC 5280, section 4.2)
 */
export function extensionsOf(der: Buffer): Extensions | null {
  const [tbs] = sequenceOf(der) ?? [];
  const fields = tbs === undefined ? null : childrenOf(der, tbs);
  if (fields === null) return null;
  const holder = fields.find(({ tag }) => tag === EXTENSIONS_OF_CERTIFICATE);
  return holder === undefined ? new Map() : readExtensions(der, holder);
}

function readExtensions(der: Buffer, holder: DerElement): Extensions | null {
  const [list, ...rest] = childrenOf(der, holder) ?? [];
  const items = list === undefined || rest.length > 0 ? null : childrenOf(der, list);
  if (items === null) return null;
  const found = new Map<string, Extension>();
  for (const item of items) {
    const parts = childrenOf(der, item) ?? [];
    const [id] = parts;
    const value = parts.at(-1);
    if (id?.tag !== DER.oid || value?.tag !== DER.octetString || parts.length > 3) return null;
    const oid = oidOf(contentOf(der, id));
    if (oid === null || found.has(oid)) return null;
    const flag = parts.length === 3 ? parts[1] : undefined;
    const critical = flag !== undefined && flag.tag === DER.boolean && der[flag.start] === 255;
    found.set(oid, { critical, value: contentOf(der, value) });
  }
  return found;
}

/** The purposes that an extended key usage names, as OIDs; null when it cannot be read. */
export function purposesOf({ value }: Extension): readonly string[] | null {
  const items = sequenceOf(value);
  if (items === null) return null;
  const oids = items.map((item) => (item.tag === DER.oid ? oidOf(contentOf(value, item)) : null));
  return oids.some((oid) => oid === null) ? null : (oids as string[]);
}

/** Names of a certificate, each as its bytes read as latin1: nothing is unescaped, and nothing gets lost. */
export interface AlternativeNames {
  readonly emails: readonly string[];
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
}

const EMAIL = 0x81;
const DNS = 0x82;
const URI = 0x86;

/** The names in a subject alternative name (RFC 5280, section 4.2.1.6) that a policy can ask for; null: unreadable. */
export function alternativeNamesOf({ value }: Extension): AlternativeNames | null {
  const items = sequenceOf(value);
  if (items === null) return null;
  const named = (tag: number): string[] =>
    items.filter((item) => item.tag === tag).map((item) => contentOf(value, item).toString('latin1'));
  return { emails: named(EMAIL), dnsNames: named(DNS), uris: named(URI) };
}

/** A list of revoked certificates (RFC 5280, section 5). Its signature is not checked here. */
export interface RevocationList {
  /** Distinguished name of its issuer, DER as hex. */
  readonly issuer: string;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number | null;
  /** Serial numbers as lower-case hex without leading zeros. */
  readonly serials: ReadonlySet<string>;
  /** What was signed, by which algorithm, and the signature. */
  readonly signed: Buffer;
  readonly algorithm: string;
  readonly signature: Buffer;
  /** OIDs of critical extensions: of a list that is for some certificates alone, say. */
  readonly critical: readonly string[];
}

/** Reads a list of revoked certificates; null when that is none. */
export function readRevocationList(der: Buffer): RevocationList | null {
  const [tbs, algorithm, signature] = sequenceOf(der) ?? [];
  const fields = tbs === undefined ? null : childrenOf(der, tbs);
  if (tbs === undefined || fields === null || signature?.tag !== DER.bitString) return null;
  const rest = fields[0]?.tag === DER.integer ? fields.slice(1) : fields;
  const [, issuer, thisUpdate, ...more] = rest;
  const thisUpdateMs = thisUpdate === undefined ? null : timeOf(der, thisUpdate);
  const name = algorithmOf(der, algorithm);
  if (issuer?.tag !== DER.sequence || thisUpdateMs === null || name === null) return null;
  const tail = tailOf(der, more);
  if (tail === null) return null;
  return {
    issuer: wholeOf(der, issuer).toString('hex'),
    thisUpdateMs,
    ...tail,
    signed: wholeOf(der, tbs),
    algorithm: name,
    // The first byte says how many bits are unused: none.
    signature: contentOf(der, signature).subarray(1),
  };
}

function algorithmOf(der: Buffer, element: DerElement | undefined): string | null {
  const [id] = element === undefined ? [] : (childrenOf(der, element) ?? []);
  return id?.tag === DER.oid ? oidOf(contentOf(der, id)) : null;
}

/** What comes after the time of a list, all of it optional: next update, revoked certificates, extensions. */
function tailOf(
  der: Buffer,
  fields: readonly DerElement[],
): Pick<RevocationList, 'nextUpdateMs' | 'serials' | 'critical'> | null {
  const time = fields.find(({ tag }) => tag === DER.utcTime || tag === DER.generalizedTime);
  const revoked = fields.find(({ tag }) => tag === DER.sequence);
  const holder = fields.find(({ tag }) => tag === EXTENSIONS_OF_LIST);
  const serials = revoked === undefined ? new Set<string>() : serialsOf(der, revoked);
  const extensions = holder === undefined ? new Map<string, Extension>() : readExtensions(der, holder);
  if (serials === null || extensions === null) return null;
  return {
    nextUpdateMs: time === undefined ? null : timeOf(der, time),
    serials,
    critical: [...extensions].filter(([, { critical }]) => critical).map(([oid]) => oid),
  };
}

function serialsOf(der: Buffer, list: DerElement): Set<string> | null {
  const serials = new Set<string>();
  for (const entry of childrenOf(der, list) ?? [null]) {
    const serial = entry === null ? null : readElement(der, entry.start, entry.end);
    if (serial?.tag !== DER.integer) return null;
    serials.add(plainSerial(contentOf(der, serial).toString('hex')));
  }
  return serials;
}

/** A serial number in hex as it is compared: lower-case, without leading zeros. */
export function plainSerial(hex: string): string {
  return hex.toLowerCase().replace(/^0+(?=.)/, '');
}

/** The issuer's distinguished name of a certificate, DER as hex, or null. */
export function issuerOf(der: Buffer): string | null {
  const [tbs] = sequenceOf(der) ?? [];
  const fields = tbs === undefined ? null : childrenOf(der, tbs);
  // [0] version is there in every certificate of version 3; serial, algorithm, issuer follow.
  const issuer = fields?.[0]?.tag === 0xa0 ? fields[3] : fields?.[2];
  return issuer?.tag === DER.sequence ? wholeOf(der, issuer).toString('hex') : null;
}

/** The subject's distinguished name of a certificate, DER as hex, or null. */
export function subjectOf(der: Buffer): string | null {
  const [tbs] = sequenceOf(der) ?? [];
  const fields = tbs === undefined ? null : childrenOf(der, tbs);
  const subject = fields?.[0]?.tag === 0xa0 ? fields[5] : fields?.[4];
  return subject?.tag === DER.sequence ? wholeOf(der, subject).toString('hex') : null;
}

/** The blocks of a PEM text with this label, as DER. */
export function pemBlocks(pem: string, label: string): Buffer[] {
  const block = new RegExp(`-----BEGIN ${label}-----([^-]+)-----END ${label}-----`, 'g');
  return [...pem.matchAll(block)].map(([, text = '']) => Buffer.from(text, 'base64'));
}
