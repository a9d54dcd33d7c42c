import { createHash, X509Certificate } from 'node:crypto';
import {
  alternativeNamesOf,
  extensionsOf,
  issuerOf,
  OID,
  pemBlocks,
  plainSerial,
  purposesOf,
} from '../core/x509.ts';
import type { AlternativeNames } from '../core/x509.ts';
import { roleOf } from './certificate-profile.ts';
import type { CertificateRole } from './certificate-profile.ts';

/** What a policy looks at in one certificate. */
export interface CertificateFacts extends CertificateRole {
  readonly certificate: X509Certificate;
  /** OIDs of its extended key usage; null: it has none, and could be for anything. */
  readonly purposes: readonly string[] | null;
  readonly names: AlternativeNames;
  readonly keyType: string;
  readonly keyBits: number;
  readonly signatureOid: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** SHA-256 of its public key (SPKI), base64. */
  readonly pin: string;
  /** SHA-256 of all of it, lower-case hex. */
  readonly hash: string;
  readonly issuer: string;
  /** As Node writes it, one part a line; '' for an empty name. */
  readonly subject: string;
  readonly serial: string;
}

const NO_NAMES: AlternativeNames = { emails: [], dnsNames: [], uris: [] };

const CURVE_BITS: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 };

/** Reads a certificate; null when some part of it that a policy needs cannot be read. It never throws. */
export function factsOf(der: Buffer): CertificateFacts | null {
  try {
    return read(der);
  } catch {
    // Whatever Node's parser has against it: it is no certificate that could prove anything.
    return null;
  }
}

function read(der: Buffer): CertificateFacts | null {
  const certificate = new X509Certificate(der);
  const extensions = extensionsOf(der);
  const issuer = issuerOf(der);
  if (extensions === null || issuer === null) return null;
  const usage = extensions.get(OID.extendedKeyUsage);
  const alternative = extensions.get(OID.subjectAltName);
  const purposes = usage === undefined ? null : purposesOf(usage);
  const names = alternative === undefined ? NO_NAMES : alternativeNamesOf(alternative);
  if (names === null || (usage !== undefined && purposes === null)) return null;
  const { publicKey, serialNumber: serial } = certificate;
  const subject = nameOf(certificate.subject);
  const role = roleOf(extensions, { subject, issuer: nameOf(certificate.issuer), serial });
  if (role === null) return null;
  return {
    certificate,
    ...role,
    purposes,
    names,
    keyType: publicKey.asymmetricKeyType ?? '',
    keyBits: bitsOf(publicKey),
    signatureOid: certificate.signatureAlgorithmOid,
    fromMs: certificate.validFromDate.getTime(),
    untilMs: certificate.validToDate.getTime(),
    pin: createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64'),
    hash: createHash('sha256').update(der).digest('hex'),
    issuer,
    subject,
    serial: plainSerial(serial),
  };
}

/** Node gives nothing for an empty name, whatever its types say. */
function nameOf(name: string | undefined): string {
  return name ?? '';
}

function bitsOf({ asymmetricKeyDetails = {} }: X509Certificate['publicKey']): number {
  const { modulusLength, namedCurve = '' } = asymmetricKeyDetails;
  return modulusLength ?? CURVE_BITS[namedCurve] ?? 0;
}

/** The URIs of the first certificate of a PEM text: what the gateway calls itself. */
export function certificateUris(pem: string): readonly string[] {
  const [der] = pemBlocks(pem, 'CERTIFICATE');
  const uris = der === undefined ? [] : (factsOf(der)?.names.uris ?? []);
  return uris.filter((uri) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(uri));
}
