import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/**
 * Makes certificates and lists of revoked ones, wrong ones too: what is asked for is what is written. Nothing here looks
 * at what it writes, as an attacker would not.
 */

function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 128
      ? [length]
      : length < 256
        ? [0x81, length]
        : length < 65_536
          ? [0x82, length >> 8, length & 255]
          : [0x83, length >> 16, (length >> 8) & 255, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...items: Buffer[]) => tlv(48, Buffer.concat(items));
const octets = (content: Buffer) => tlv(4, content);
const bits = (content: Buffer) => tlv(3, Buffer.concat([Buffer.from([0]), content]));
const boolean = (value: boolean) => tlv(1, Buffer.from([value ? 255 : 0]));
const integer = (content: Buffer) =>
  tlv(2, (content[0] as number) >= 128 ? Buffer.concat([Buffer.from([0]), content]) : content);
const number = (value: number) => integer(Buffer.from([value]));

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 127];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 127) | 128);
    return groups;
  });
  return tlv(6, Buffer.from(bytes));
}

function time(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050 ? tlv(23, Buffer.from(text.slice(2))) : tlv(24, Buffer.from(text));
}

const utf8 = (text: string) => tlv(12, Buffer.from(text, 'utf8'));
const dn = (common: string, organisation: string | null = null) =>
  sequence(
    ...(organisation === null ? [] : [tlv(49, sequence(oid('2.5.4.10'), utf8(organisation)))]),
    tlv(49, sequence(oid('2.5.4.3'), utf8(common))),
  );

/** A name in a subject alternative name; its text is latin1 and goes in byte by byte. */
export type AlternativeName = readonly ['uri' | 'dns' | 'email', string];

const NAME_TAGS = { email: 0x81, dns: 0x82, uri: 0x86 } as const;
export const PURPOSES = {
  client: '1.3.6.1.5.5.7.3.2',
  server: '1.3.6.1.5.5.7.3.1',
  any: '2.5.29.37.0',
} as const;

const extension = (id: string, critical: boolean, value: Buffer) =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));

/** A certificate with its key, and what it signs with. */
export interface Made {
  readonly pem: string;
  readonly key: string;
  readonly der: Buffer;
  readonly serial: Buffer;
  readonly subject: Buffer;
  readonly keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
}

export interface Wanted {
  readonly name?: string;
  readonly organisation?: string;
  /** Null: signed by itself. */
  readonly by?: Made | null;
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** An authority whose key may sign anything, and not certificates alone. */
  readonly signs?: boolean;
  /** Null: no extended key usage. */
  readonly purposes?: readonly string[] | null;
  readonly names?: readonly AlternativeName[];
  /** Permitted DNS subtrees of an authority. */
  readonly permits?: readonly string[];
  readonly from?: Date;
  readonly until?: Date;
  readonly key?: 'P-256' | 'P-384' | 'rsa1024' | 'rsa2048';
  readonly hash?: 'sha256' | 'sha1';
  readonly keys?: Made['keys'];
  /** Extensions by OID, their values in hex, instead of those that it would have; null: without it. */
  readonly extensions?: Readonly<Record<string, readonly [critical: boolean, hex: string] | null>>;
  /** As it stands there, hex. */
  readonly serial?: string;
  /** An empty subject. */
  readonly nameless?: boolean;
}

const DAY_MS = 86_400_000;
const cached = new Map<string, Made['keys']>();

function keysOf(kind: NonNullable<Wanted['key']>): Made['keys'] {
  if (!kind.startsWith('rsa')) return generateKeyPairSync('ec', { namedCurve: kind });
  // RSA keys take long: one of each size is enough.
  const known = cached.get(kind) ?? generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(3)) });
  cached.set(kind, known);
  return known;
}

function algorithm(key: KeyObject, hash: 'sha256' | 'sha1'): Buffer {
  if (key.asymmetricKeyType === 'ec')
    return sequence(oid(hash === 'sha1' ? '1.2.840.10045.4.1' : '1.2.840.10045.4.3.2'));
  return sequence(oid(`1.2.840.113549.1.1.${hash === 'sha1' ? 5 : 11}`), tlv(5, Buffer.alloc(0)));
}

/** Makes a certificate on P-256 for a client, for ten days, unless something else is wanted. */
export function makeCertificate(wanted: Wanted = {}): Made {
  const { name = 'client', organisation, by = null, hash = 'sha256', key = 'P-256' } = wanted;
  const keys = wanted.keys ?? keysOf(key);
  const signer = by?.keys.privateKey ?? keys.privateKey;
  const serial = Buffer.from(wanted.serial ?? `01${randomBytes(8).toString('hex')}`, 'hex');
  const subject = wanted.nameless === true ? sequence() : dn(name, organisation);
  const { from = new Date(Date.now() - DAY_MS), until = new Date(Date.now() + 10 * DAY_MS) } = wanted;
  const tbs = sequence(
    tlv(0xa0, number(2)),
    wanted.serial === undefined ? integer(serial) : tlv(2, serial),
    algorithm(signer, hash),
    by?.subject ?? subject,
    sequence(time(from), time(until)),
    subject,
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...Object.values(extensionsFor(wanted, keys, by)))),
  );
  const der = sequence(tbs, algorithm(signer, hash), bits(sign(hash, tbs, signer)));
  return {
    pem: pemOf(der, 'CERTIFICATE'),
    key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    der,
    serial,
    subject,
    keys,
  };
}

function extensionsFor(wanted: Wanted, keys: Made['keys'], by: Made | null): Record<string, Buffer> {
  const { ca = false, signs = false, pathLength, names = [], permits } = wanted;
  const purposes = wanted.purposes === undefined ? (ca ? null : [PURPOSES.client]) : wanted.purposes;
  const basic = [...(ca ? [boolean(true)] : []), ...(pathLength === undefined ? [] : [number(pathLength)])];
  const subtrees = (permits ?? []).map((dns) => sequence(tlv(0x82, Buffer.from(dns))));
  const own: Record<string, Buffer> = {};
  const add = (id: string, critical: boolean, value: Buffer) => (own[id] = extension(id, critical, value));
  add('2.5.29.19', true, sequence(...basic));
  add('2.5.29.15', true, tlv(3, Buffer.from(ca ? [1, signs ? 134 : 6] : [7, 128])));
  add('2.5.29.14', false, octets(keyId(keys)));
  add('2.5.29.35', false, sequence(tlv(0x80, keyId(by?.keys ?? keys))));
  if (purposes !== null) add('2.5.29.37', false, sequence(...purposes.map(oid)));
  if (names.length > 0) add('2.5.29.17', wanted.nameless === true, alternativeNames(names));
  if (permits !== undefined) add('2.5.29.30', true, sequence(tlv(0xa0, Buffer.concat(subtrees))));
  for (const [id, other] of Object.entries(wanted.extensions ?? {})) {
    if (other === null) delete own[id];
    else add(id, other[0], Buffer.from(other[1], 'hex'));
  }
  return own;
}

const alternativeNames = (names: readonly AlternativeName[]) =>
  sequence(...names.map(([type, text]) => tlv(NAME_TAGS[type], Buffer.from(text, 'latin1'))));

function keyId(keys: Made['keys']): Buffer {
  return createHash('sha1')
    .update(keys.publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
}

function pemOf(der: Buffer, label: string): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** A root of an own authority. */
export function makeAuthority(name: string, wanted: Wanted = {}): Made {
  return makeCertificate({ name, ca: true, ...wanted });
}

/** A list of what an authority has revoked, as PEM. */
export function makeRevocationList(
  by: Made,
  revoked: readonly Made[],
  {
    from = new Date(Date.now() - DAY_MS),
    until = new Date(Date.now() + DAY_MS),
  }: { from?: Date; until?: Date } = {},
): string {
  const entries = revoked.map(({ serial }) => sequence(integer(serial), time(from)));
  const tbs = sequence(
    number(1),
    algorithm(by.keys.privateKey, 'sha256'),
    by.subject,
    time(from),
    time(until),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    tlv(
      0xa0,
      sequence(
        extension('2.5.29.35', false, sequence(tlv(0x80, keyId(by.keys)))),
        extension('2.5.29.20', false, integer(Buffer.concat([Buffer.from([1]), randomBytes(6)]))),
      ),
    ),
  );
  const der = sequence(
    tbs,
    algorithm(by.keys.privateKey, 'sha256'),
    bits(sign('sha256', tbs, by.keys.privateKey)),
  );
  return pemOf(der, 'X509 CRL');
}
