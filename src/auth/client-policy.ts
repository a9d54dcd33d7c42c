import { LIMITS } from '../core/limits.ts';
import type { ClientPolicy, NameRule } from '../core/snapshot.ts';
import { OID } from '../core/x509.ts';
import type { AlternativeNames } from '../core/x509.ts';
import type { CertificateFacts } from './certificate-facts.ts';
import { claimsSpiffe, readSpiffeId } from './spiffe.ts';

/** What is wrong with the certificate of a client. Logs, metrics and events have these words; clients never. */
export type ClientFault =
  | 'unreadable'
  | 'expired'
  | 'not_for_clients'
  | 'is_authority'
  | 'odd_certificate'
  | 'odd_name'
  | 'name_not_allowed'
  | 'no_spiffe_id'
  | 'other_trust_domain'
  | 'too_deep'
  | 'weak_key'
  | 'weak_signature'
  | 'lives_too_long'
  | 'not_pinned';

/**
 * What a policy has against a certificate that OpenSSL has verified, or null. Pure: everything it looks at is given.
 * @param chain the client's own first; of a resumed session that alone
 * @param isAnchored whether the chain ends at an authority of this trust domain
 */
export function policyFault(
  chain: readonly CertificateFacts[],
  policy: ClientPolicy,
  nowMs: number,
  isAnchored: (trustDomain: string) => boolean,
): ClientFault | null {
  const [leaf] = chain;
  if (leaf === undefined) return 'unreadable';
  return (
    timeFault(leaf, policy, nowMs) ??
    roleFault(leaf) ??
    (chain.some(({ isOdd }) => isOdd) ? 'odd_certificate' : null) ??
    (chain.some((facts) => isWeakKey(facts, policy)) ? 'weak_key' : null) ??
    (chain.some(isWeaklySigned) ? 'weak_signature' : null) ??
    (policy.maxDepth > 0 && chain.length - 1 > policy.maxDepth ? 'too_deep' : null) ??
    (policy.pins.length > 0 && !policy.pins.includes(leaf.pin) ? 'not_pinned' : null) ??
    nameFault(leaf.names, policy, isAnchored)
  );
}

function timeFault(
  { fromMs, untilMs }: CertificateFacts,
  policy: ClientPolicy,
  nowMs: number,
): ClientFault | null {
  // A date that cannot be read compares with nothing.
  if (!(fromMs <= nowMs && nowMs <= untilMs)) return 'expired';
  return policy.maxLifetimeMs > 0 && untilMs - fromMs > policy.maxLifetimeMs ? 'lives_too_long' : null;
}

/** OpenSSL lets a certificate without an extended key usage be anybody's, and an authority be a client. */
function roleFault({ purposes, isAuthority }: CertificateFacts): ClientFault | null {
  if (isAuthority) return 'is_authority';
  return purposes?.includes(OID.clientAuth) === true ? null : 'not_for_clients';
}

function isWeakKey({ keyType, keyBits }: CertificateFacts, { minRsaBits, minEcBits }: ClientPolicy): boolean {
  switch (keyType) {
    case 'rsa':
    case 'rsa-pss':
      return keyBits < minRsaBits;
    case 'ec':
      return keyBits < minEcBits;
    case 'ed25519':
    case 'ed448':
      return false;
    default:
      return true;
  }
}

/** Signatures over SHA-256 and better; of RSASSA-PSS OpenSSL itself refuses SHA-1. */
const STRONG_SIGNATURES = new Set([
  '1.2.840.113549.1.1.10',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112',
  '1.3.101.113',
]);

/** What a root says about itself is signed by nobody else: its signature proves nothing, weak or not. */
function isWeaklySigned({ signatureOid, certificate, subject }: CertificateFacts): boolean {
  const isRoot = subject !== '' && certificate.issuer === subject;
  return !STRONG_SIGNATURES.has(signatureOid) && !isRoot;
}

/** Printable ASCII without quotes and backslashes: what no reader of a header or a log can take for two names. */
const PLAIN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

function nameFault(
  names: AlternativeNames,
  policy: ClientPolicy,
  isAnchored: (trustDomain: string) => boolean,
): ClientFault | null {
  const all = [...names.uris, ...names.dnsNames, ...names.emails];
  const isOdd = (name: string): boolean => name.length > LIMITS.certificateNameChars || !PLAIN.test(name);
  if (all.length > LIMITS.certificateNames || all.some(isOdd)) return 'odd_name';
  const fault = spiffeFault(names.uris, policy, isAnchored);
  if (fault !== null) return fault;
  const isAllowed = policy.names.length === 0 || policy.names.some((rule) => isNamedBy(rule, names));
  return isAllowed ? null : 'name_not_allowed';
}

/** X509-SVID, sections 2 and 5.2: one URI, a SPIFFE ID with a path; and whoever made it is of that trust domain. */
function spiffeFault(
  uris: readonly string[],
  { trustDomains }: ClientPolicy,
  isAnchored: (trustDomain: string) => boolean,
): ClientFault | null {
  const [uri = ''] = uris;
  const isAsked = trustDomains.length > 0;
  if (!isAsked && !uris.some(claimsSpiffe)) return null;
  const id = uris.length === 1 ? readSpiffeId(uri) : null;
  if (id === null || id.path === '') return 'no_spiffe_id';
  return !isAsked || isAnchored(id.trustDomain) ? null : 'other_trust_domain';
}

/** Whether one of the names of a client is a name of this rule. */
export function isNamedBy(
  { type, match, value }: NameRule,
  { uris, dnsNames, emails }: Pick<AlternativeNames, 'uris' | 'dnsNames' | 'emails'>,
): boolean {
  const names =
    type === 'uri' ? uris : type === 'dns' ? dnsNames.filter(isHost).map(lower) : emails.map(lowerDomain);
  switch (match) {
    case 'exact':
      return names.includes(value);
    case 'prefix':
      return names.some((name) => name.startsWith(value) && name.length > value.length);
    case 'suffix':
      return names.some((name) => name.endsWith(value) && name.length > value.length);
  }
}

/** A wildcard is a name of no client. */
function isHost(name: string): boolean {
  return /^[A-Za-z0-9._-]+$/.test(name);
}

function lower(name: string): string {
  return name.toLowerCase();
}

function lowerDomain(address: string): string {
  const at = address.lastIndexOf('@');
  return at === -1 ? address : address.slice(0, at) + address.slice(at).toLowerCase();
}
