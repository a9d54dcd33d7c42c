import type { Findings } from './findings.ts';
import { hidden } from './mask.ts';
import { isSensitiveName } from './secrets.ts';

/** One `Set-Cookie` value (RFC 6265, section 5.2). */
interface Cookie {
  readonly name: string;
  readonly value: string;
  /** Lower-case names; '' for a flag. */
  readonly attributes: ReadonlyMap<string, string>;
}

const EPOCH_END_MS = Date.UTC(2000, 0, 1);
/** An opaque value: a server draws a new one each time. */
const OPAQUE = /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9._~+/=%:|-]{16,}$/;
/** Attributes whose value depends on the moment; that they are there is still asserted. */
const MOMENTARY = new Set(['expires']);

/**
 * Compares cookies name by name and attribute by attribute. Values never leave; a different value is forgiven where
 * it is drawn anew for each answer (sessions, anti-forgery tokens), empty against set never is.
 */
export function compareCookies(
  legacy: readonly string[],
  candidate: readonly string[],
  findings: Findings,
): void {
  const [ones, others] = [byName(legacy), byName(candidate)];
  for (const [name, cookies] of ones) compareNamed(name, cookies, others.get(name) ?? [], findings);
  for (const [name, cookies] of others) {
    if (!ones.has(name)) compareNamed(name, [], cookies, findings);
  }
}

function compareNamed(
  name: string,
  legacy: readonly Cookie[],
  candidate: readonly Cookie[],
  findings: Findings,
): void {
  const path = pathOf(name);
  if (legacy.length !== candidate.length) {
    findings.add('cookie', path, howMany(legacy), howMany(candidate));
    return;
  }
  for (const [index, one] of legacy.entries()) compareCookie(path, one, candidate[index] as Cookie, findings);
}

function compareCookie(path: string, legacy: Cookie, candidate: Cookie, findings: Findings): void {
  const [one, other] = [stateOf(legacy), stateOf(candidate)];
  if (one !== other) findings.add('cookie', path, one, other);
  else if (legacy.value !== candidate.value && !isDrawn(legacy, candidate)) {
    findings.add('cookie', path, hidden('cookie'), hidden('cookie'));
  }
  for (const name of new Set([...legacy.attributes.keys(), ...candidate.attributes.keys()])) {
    const [before, after] = [legacy.attributes.get(name), candidate.attributes.get(name)];
    if (before === after) continue;
    if (before !== undefined && after !== undefined && MOMENTARY.has(name)) continue;
    findings.add('cookie', `${path}/${name.slice(0, 32)}`, before ?? null, after ?? null);
  }
}

function isDrawn(legacy: Cookie, candidate: Cookie): boolean {
  if (isSensitiveName(legacy.name)) return true;
  return OPAQUE.test(legacy.value) && OPAQUE.test(candidate.value);
}

/** A cookie that is taken away is something else than one that is set (RFC 6265, section 3.1). */
function stateOf(cookie: Cookie): string {
  const maxAge = cookie.attributes.get('max-age');
  const expires = cookie.attributes.get('expires');
  if (maxAge !== undefined && Number(maxAge) <= 0) return 'deleted';
  if (maxAge === undefined && expires !== undefined && Date.parse(expires) < EPOCH_END_MS) return 'deleted';
  return cookie.value === '' ? 'empty' : 'set';
}

function howMany(cookies: readonly Cookie[]): string | null {
  return cookies.length === 0 ? null : `${hidden('cookie')} × ${cookies.length}`;
}

/** Names that carry an id (`sess_8f3a…`) would make a class per user. */
function pathOf(name: string): string {
  return /[0-9a-f]{8}|\d{4}/i.test(name) || name.length > 64 ? 'set-cookie/*' : `set-cookie/${name}`;
}

function byName(values: readonly string[]): Map<string, Cookie[]> {
  const cookies = values.map(parse);
  // Several of one name differ in domain or path; their order in the answer means nothing.
  const sorted = cookies.toSorted((one, other) => (scopeOf(one) < scopeOf(other) ? -1 : 1));
  return Map.groupBy(sorted, (cookie) => cookie.name);
}

function scopeOf({ attributes }: Cookie): string {
  return `${attributes.get('domain') ?? ''} ${attributes.get('path') ?? ''}`;
}

function parse(value: string): Cookie {
  const [pair = '', ...rest] = value.split(';');
  const [name, cookieValue] = halves(pair);
  const attributes = new Map(
    rest
      .filter((each) => each.trim() !== '')
      .map((each): [string, string] => {
        const [attribute, content] = halves(each);
        return [attribute.toLowerCase(), normalised(attribute.toLowerCase(), content)];
      }),
  );
  return { name, value: cookieValue, attributes };
}

function halves(text: string): [name: string, value: string] {
  const equals = text.indexOf('=');
  if (equals === -1) return [text.trim(), ''];
  return [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
}

function normalised(attribute: string, value: string): string {
  if (attribute === 'domain') return value.toLowerCase().replace(/^\./, '');
  return attribute === 'samesite' ? value.toLowerCase() : value;
}
