import type { Findings } from './findings.ts';
import { hidden } from './mask.ts';
import { areApart, isPast, type Moments, momentOf } from './moments.ts';
import { isSensitiveName } from './secret-names.ts';

/** One `Set-Cookie` value (RFC 6265, section 5.2). */
interface Cookie {
  readonly name: string;
  readonly value: string;
  /** Lower-case names; '' for a flag. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** An opaque value: a server draws a new one each time. */
const OPAQUE = /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9._~+/=%:|-]{16,}$/;
/** Anything else is no Max-Age (RFC 6265, section 5.2.2). */
const SECONDS = /^-?\d+$/;

/**
 * Compares cookies name by name and attribute by attribute. Values never leave; a different value is forgiven where
 * it is drawn anew for each answer (sessions, anti-forgery tokens), empty against set never is.
 * @param now when the two answers were made
 */
export function compareCookies(
  legacy: readonly string[],
  candidate: readonly string[],
  now: Moments,
  findings: Findings,
): void {
  const comparison = new CookieComparison(now, findings);
  const [ones, others] = [byName(legacy), byName(candidate)];
  for (const [name, cookies] of ones) comparison.compareNamed(name, cookies, others.get(name) ?? []);
  for (const [name, cookies] of others) {
    if (!ones.has(name)) comparison.compareNamed(name, [], cookies);
  }
}

/** The cookies of one pair. */
class CookieComparison {
  private readonly now: Moments;
  private readonly findings: Findings;

  constructor(now: Moments, findings: Findings) {
    this.now = now;
    this.findings = findings;
  }

  compareNamed(name: string, legacy: readonly Cookie[], candidate: readonly Cookie[]): void {
    const path = pathOf(name);
    if (legacy.length !== candidate.length) {
      this.findings.add('cookie', path, howMany(legacy), howMany(candidate));
      return;
    }
    for (const [index, one] of legacy.entries()) this.compareCookie(path, one, candidate[index] as Cookie);
  }

  private compareCookie(path: string, legacy: Cookie, candidate: Cookie): void {
    const { now, findings } = this;
    const [one, other] = [stateOf(legacy, now.legacy), stateOf(candidate, now.candidate)];
    if (one !== other) findings.add('cookie', path, one, other);
    else if (legacy.value !== candidate.value && !isDrawn(legacy, candidate)) {
      findings.addHidden('cookie', path, 'cookie', [legacy.value, candidate.value]);
    }
    for (const name of new Set([...legacy.attributes.keys(), ...candidate.attributes.keys()])) {
      const [before, after] = [legacy.attributes.get(name), candidate.attributes.get(name)];
      if (before === after || (name === 'expires' && this.areAlike(before, after))) continue;
      findings.add('cookie', `${path}/${name.slice(0, 32)}`, before ?? null, after ?? null);
    }
  }

  /** Whether two expiries differ by their moment only; which side of now they lie on is the cookie's state. */
  private areAlike(legacy: string | undefined, candidate: string | undefined): boolean {
    if (legacy === undefined || candidate === undefined) return false;
    const moments = { legacy: momentOf(legacy), candidate: momentOf(candidate) };
    // What is no date is not there for a browser: the cookie ends with the session.
    if ((moments.legacy === null) !== (moments.candidate === null)) return false;
    return !areApart(moments, this.now);
  }
}

function isDrawn(legacy: Cookie, candidate: Cookie): boolean {
  if (isSensitiveName(legacy.name)) return true;
  return OPAQUE.test(legacy.value) && OPAQUE.test(candidate.value);
}

/** A cookie that is taken away is something else than one that is set (RFC 6265, sections 3.1 and 5.3). */
function stateOf(cookie: Cookie, nowMs: number | null): 'deleted' | 'empty' | 'set' {
  const maxAge = cookie.attributes.get('max-age') ?? '';
  const expires = momentOf(cookie.attributes.get('expires'));
  const deleted = SECONDS.test(maxAge) ? Number(maxAge) <= 0 : expires !== null && isPast(expires, nowMs);
  if (deleted) return 'deleted';
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
