import { contentOf, DER, readElement, sequenceOf } from '../core/der.ts';
import { OID } from '../core/x509.ts';
import type { Extensions } from '../core/x509.ts';

/** What a certificate says about its place in a chain (RFC 5280, section 4.2.1). */
export interface CertificateRole {
  /** `CA:TRUE`, or a key that may sign certificates: whichever of both says it. */
  readonly isAuthority: boolean;
  /** It breaks a rule of RFC 5280 on which others rely, and OpenSSL lets it pass. */
  readonly isOdd: boolean;
}

/** What of a certificate is not in its extensions. */
export interface CertificateHead {
  /** Distinguished names as text; '' when there is nothing in it. */
  readonly subject: string;
  readonly issuer: string;
  /** Hex as OpenSSL writes it, with a minus for a negative number. */
  readonly serial: string;
}

/** `keyCertSign` in the first byte of a key usage. */
const CERT_SIGN = 0x04;
/** RFC 5280, section 4.1.2.2: a positive number of 20 bytes at the most. */
const SERIAL = /^(?!0+$)[0-9A-F]{1,40}$/i;

/**
 * Reads it as OpenSSL does with `-x509_strict`, which Node cannot switch on. Node's own word for an authority (`ca`) is no
 * when the key usage does not let it sign: `CA:TRUE` alone would be a client. Key identifiers are not asked for: they
 * help to find a chain and prove nothing.
 * @returns null when an extension cannot be read
 */
export function roleOf(extensions: Extensions, head: CertificateHead): CertificateRole | null {
  const basic = extensions.get(OID.basicConstraints);
  const limits = basic === undefined ? NO_LIMITS : limitsOf(basic.value);
  const usage = extensions.get(OID.keyUsage);
  const bits = usage === undefined ? 0 : firstBits(usage.value);
  if (limits === null || bits === null) return null;
  const maySign = (bits & CERT_SIGN) !== 0;
  const { subject, issuer } = head;
  const isProper = limits.isAuthority
    ? subject !== '' && (subject === issuer || (basic?.critical === true && maySign))
    : !limits.hasPathLength && !extensions.has(OID.nameConstraints) && isNamed(extensions, head);
  return { isAuthority: limits.isAuthority || maySign, isOdd: !isProper || !SERIAL.test(head.serial) };
}

/** RFC 5280, sections 4.1.2.6 and 4.2.1.6: names are in the subject, or in an extension that nobody may pass over. */
function isNamed(extensions: Extensions, { subject }: CertificateHead): boolean {
  const names = extensions.get(OID.subjectAltName);
  if (names !== undefined && sequenceOf(names.value)?.length === 0) return false;
  return subject !== '' || names?.critical === true;
}

interface Limits {
  readonly isAuthority: boolean;
  readonly hasPathLength: boolean;
}

const NO_LIMITS: Limits = { isAuthority: false, hasPathLength: false };

function limitsOf(value: Buffer): Limits | null {
  const items = sequenceOf(value);
  if (items === null) return null;
  const flag = items.find(({ tag }) => tag === DER.boolean);
  return {
    // OpenSSL takes every byte but 0 for yes.
    isAuthority: flag !== undefined && contentOf(value, flag).some((byte) => byte !== 0),
    hasPathLength: items.some(({ tag }) => tag === DER.integer),
  };
}

function firstBits(value: Buffer): number | null {
  const bits = readElement(value, 0, value.length);
  // The first byte says how many bits of the last one are unused.
  return bits?.tag === DER.bitString ? (contentOf(value, bits)[1] ?? 0) : null;
}
