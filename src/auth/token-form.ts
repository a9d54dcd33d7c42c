import { LIMITS } from '../core/limits.ts';
import { hasDuplicateKeys } from './duplicate-keys.ts';

/** A token that has the one form that is accepted; nothing about it is verified. */
export interface TokenForm {
  readonly alg: string;
  readonly kid: string | null;
  /** As it stands there, or null. */
  readonly typ: string | null;
  readonly claims: Readonly<Record<string, unknown>>;
}

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** A kid is a name, and a long one is nobody's. */
const KID_CHARS = 256;

/**
 * Reads the strict compact form (RFC 7515, section 3.1): three segments in canonical base64url, so that one token has one
 * spelling; JSON objects in UTF-8 without members that stand there twice. A header that wants an extension understood
 * (`crit`, RFC 7515, section 4.1.11), an unencoded payload (`b64`, RFC 7797), compression or encryption is refused, and so
 * is a `jti` that is no text (RFC 7519, section 4.1.7): tokens are revoked by it, and 42 is not "42". Keys that a header brings or points at (`jwk`, `jku`, `x5u`, `x5c`) are not even read.
 * @returns null for everything else; it never throws
 */
export function readToken(token: string): TokenForm | null {
  if (token.length > LIMITS.tokenChars || !COMPACT.test(token)) return null;
  const [first = '', second = '', third = ''] = token.split('.');
  const header = readObject(first);
  if (header === null || !isPlainHeader(header) || decodeCanonical(third) === null) return null;
  const claims = readObject(second);
  if (claims === null) return null;
  const { alg, kid = null, typ = null } = header;
  if (typeof alg !== 'string' || !isTextOrNull(kid) || !isTextOrNull(typ)) return null;
  if (Object.hasOwn(claims, 'jti') && typeof claims['jti'] !== 'string') return null;
  return kid !== null && kid.length > KID_CHARS ? null : { alg, kid, typ, claims };
}

function isPlainHeader(header: Readonly<Record<string, unknown>>): boolean {
  return ['crit', 'b64', 'zip', 'enc'].every((name) => !Object.hasOwn(header, name));
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

/** Bytes of a segment, or null where another text would have the same ones. */
function decodeCanonical(segment: string): Buffer | null {
  const bytes = Buffer.from(segment, 'base64url');
  return bytes.toString('base64url') === segment ? bytes : null;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readObject(segment: string): Readonly<Record<string, unknown>> | null {
  const bytes = decodeCanonical(segment);
  if (bytes === null) return null;
  try {
    const text = UTF8.decode(bytes);
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject && !hasDuplicateKeys(text) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
