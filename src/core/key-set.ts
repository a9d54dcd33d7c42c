import { createPublicKey } from 'node:crypto';

/** A key set that may be used, as compact JSON; or what is wrong with it. */
export type KeySet =
  | { readonly ok: true; readonly text: string; readonly algorithms: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** A provider publishes a handful, and some more while it rotates. */
const MOST_KEYS = 100;
/** RFC 7518, section 3.3: RSA keys below 2048 bits must not be used. */
const RSA_BITS = 2048;
/** Members that only a private or a shared key has (RFC 7518, sections 6.2.2, 6.3.2, 6.4). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const CURVES: Readonly<Record<string, readonly string[]>> = {
  'P-256': ['ES256'],
  'P-384': ['ES384'],
  'P-521': ['ES512'],
  Ed25519: ['EdDSA'],
};

export type Key = Readonly<Record<string, unknown>>;

/**
 * Reads a JSON Web Key Set (RFC 7517) and refuses what must not verify a token: no keys, private or shared
 * keys, `none`, short RSA keys, unknown curves, points off their curve, two keys with one id.
 * @param skipsOthers leaves keys out that are well but of no use here (for encryption, of other kinds), as providers
 *   publish them beside the ones for signatures; secret, weak and damaged ones refuse the set all the same
 */
export function readKeySet(text: string, skipsOthers = false): KeySet {
  const all = parseKeys(text);
  if (typeof all === 'string') return { ok: false, problems: [all] };
  const keys = skipsOthers ? all.filter((key) => isSecret(key) || isUsable(key)) : all;
  if (keys.length === 0) return { ok: false, problems: ['no key of the set is for signatures'] };
  const ids = new Set<unknown>();
  const problems: string[] = [];
  const algorithms = new Set<string>();
  keys.forEach((key, index) => {
    const fault =
      keyFault(key) ??
      (key['kid'] !== undefined && ids.has(key['kid']) ? 'has the kid of another key' : null);
    if (fault !== null) problems.push(`key ${index + 1} of the set ${fault}`);
    ids.add(key['kid']);
    for (const algorithm of usableWith(key)) algorithms.add(algorithm);
  });
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, text: JSON.stringify({ keys }), algorithms: [...algorithms] };
}

function parseKeys(text: string): Key[] | string {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return 'the file is no JSON';
  }
  const keys = typeof data === 'object' && data !== null ? (data as { keys?: unknown }).keys : undefined;
  if (!Array.isArray(keys)) return 'the file is no JSON Web Key Set: it has no list "keys"';
  if (keys.length === 0) return 'the key set is empty';
  if (keys.length > MOST_KEYS) return `the key set has more than ${MOST_KEYS} keys`;
  if (keys.some((key) => typeof key !== 'object' || key === null || Array.isArray(key)))
    return 'a key is no object';
  return keys as Key[];
}

function isSecret(key: Key): boolean {
  return key['kty'] === 'oct' || PRIVATE.some((member) => Object.hasOwn(key, member));
}

function isUsable(key: Key): boolean {
  const possible = keyAlgorithms(key);
  const alg = key['alg'] === undefined ? possible[0] : memberText(key, 'alg');
  const forSignatures = key['use'] === undefined || key['use'] === 'sig';
  return forSignatures && mayVerify(key) && alg !== undefined && possible.includes(alg);
}

/** What a key is for (RFC 7517, section 4.3), where it says so: a list that has `verify`. */
function mayVerify(key: Key): boolean {
  const operations = key['key_ops'];
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
}

/** Why one key is refused, or null. */
function keyFault(key: Key): string | null {
  if (key['kid'] !== undefined && typeof key['kid'] !== 'string') return 'has a kid that is no text';
  if (key['kty'] === 'oct') return 'is a shared secret (oct): whoever can check a token could make one';
  if (isSecret(key)) return 'is a private key: publish the public half only';
  if (key['use'] !== undefined && key['use'] !== 'sig') return 'is not for signatures (use)';
  if (!mayVerify(key)) return 'is not for verifying signatures (key_ops)';
  const possible = keyAlgorithms(key);
  if (possible.length === 0) return 'has a type or curve that is not supported';
  if (key['alg'] !== undefined && !possible.includes(memberText(key, 'alg')))
    return 'names an algorithm (alg) that does not fit it or is not allowed';
  return strengthFault(key);
}

function strengthFault(key: Key): string | null {
  try {
    const details = createPublicKey({ key, format: 'jwk' }).asymmetricKeyDetails;
    if (key['kty'] !== 'RSA') return null;
    if ((details?.modulusLength ?? 0) < RSA_BITS) return `is too short: RSA needs ${RSA_BITS} bits`;
    const exponent = details?.publicExponent ?? 0n;
    return exponent < 3n || exponent % 2n === 0n ? 'has a weak exponent' : null;
  } catch {
    return 'is damaged';
  }
}

function keyAlgorithms(key: Key): readonly string[] {
  if (key['kty'] === 'RSA') return RSA;
  const curve = memberText(key, 'crv');
  const fits = key['kty'] === (curve === 'Ed25519' ? 'OKP' : 'EC');
  return fits && Object.hasOwn(CURVES, curve) ? (CURVES[curve] ?? []) : [];
}

/** Algorithms that a key of a set may be used with. */
export function usableWith(key: Key): readonly string[] {
  return key['alg'] === undefined ? keyAlgorithms(key) : [memberText(key, 'alg')];
}

/** A member as text; '' when it is something else. */
function memberText(key: Key, member: string): string {
  const value = key[member];
  return typeof value === 'string' ? value : '';
}
