import { LIMITS } from '../core/limits.ts';
import type { ClaimRule, ClaimValue } from '../core/token-policy.ts';

/** Claims of a token (RFC 7519, section 4). */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * A claim by its name, or by the way to it (`realm_access.roles`). A claim whose name has dots in it
 * (`https://shop.example/roles`) is found by its name first. What an object inherits is no claim.
 */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  if (!path.includes('.')) return undefined;
  let value: unknown = claims;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, part))
      return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** Whether the claims are as a rule says; types count: the text "1" is not the number 1. */
export function satisfies(claims: Claims, rule: ClaimRule): boolean {
  const value = claimAt(claims, rule.claim);
  if (value === undefined || value === null) return false;
  if (rule.oneOf !== undefined) return isOneOf(rule.oneOf, value);
  if (rule.contains !== undefined) return contains(value, rule.contains);
  return true;
}

function isOneOf(accepted: readonly ClaimValue[], value: unknown): boolean {
  return isExact(value) && accepted.some((one) => one === value);
}

/**
 * Whether it is what its issuer wrote. Beyond 2^53 whole numbers are rounded when they are read (RFC 8259, section 6): two
 * users would have one number, so that such a number is nobody's.
 */
function isExact(value: unknown): boolean {
  return typeof value !== 'number' || Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

/** A text is a list of words (RFC 6749, section 3.3): a part of a word is nothing. */
function contains(value: unknown, wanted: ClaimValue): boolean {
  if (Array.isArray(value)) return isExact(wanted) && value.includes(wanted);
  return typeof value === 'string' && typeof wanted === 'string' && value.split(' ').includes(wanted);
}

/** Whether a claim is this text, or a list that has it: what canary matches ask. */
export function claimHas(claims: Claims, path: string, text: string): boolean {
  const value = claimAt(claims, path);
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.some((one) => scalarText(one) === text);
}

/** A claim that names one user, as text, or null. */
export function claimKey(claims: Claims, path: string): string | null {
  return scalarText(claimAt(claims, path)) || null;
}

/** Visible characters and blanks inside: what a field value may be without anybody reading it differently. */
const FIELD_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * A claim as the value of a header: a text, number or truth value, or a list of these with commas. Null where a header
 * cannot carry it as it is: nothing is cut, escaped or guessed, because another value is another identity.
 */
export function claimField(claims: Claims, path: string): string | null {
  const value = claimAt(claims, path);
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = list.map(scalarText);
  if (texts.includes(null) || (texts.length > 1 && texts.some((text) => text?.includes(',')))) return null;
  const joined = texts.join(',');
  return joined.length <= LIMITS.claimChars && FIELD_VALUE.test(joined) ? joined : null;
}

function scalarText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (!isExact(value)) return null;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}
