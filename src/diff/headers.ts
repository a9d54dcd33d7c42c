import { compareCookies } from './cookies.ts';
import { contentCodings } from './decode.ts';
import type { Findings } from './findings.ts';
import { headerRule, shown, writing } from './header-rules.ts';
import { compareMediaTypes } from './media-type.ts';
import { areApart, isPast, madeAt, type Moments, momentOf } from './moments.ts';
import { compareRedirects, type Requested } from './redirect.ts';
import { listForgiving } from './rule-values.ts';
import { isSensitiveName } from './secret-names.ts';

/** Values by lower-case name, in their order. */
export type Fields = ReadonlyMap<string, readonly string[]>;

/** Values of one field in one answer; undefined when it is not there. */
type Values = readonly string[] | undefined;

/** What is known about the bodies the fields describe. */
export interface Described {
  /** A HEAD, 204 or 304 has no body: Content-Length is then all there is to compare. */
  readonly bodyless: boolean;
  /** The request was a HEAD: the length it is answered with is the one a GET would have. */
  readonly head: boolean;
  /** A 304 leaves out what describes a body (RFC 9110, section 15.4.5), or not. */
  readonly notModified: boolean;
  /** What was asked for: redirects start from it. */
  readonly requested: Requested;
}

/** name, value, name, value, … by lower-case name; `Set-Cookie` values stay apart like all others. */
export function fieldsOf(flat: readonly string[]): Fields {
  const fields = new Map<string, string[]>();
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = (flat[index] as string).toLowerCase();
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [flat[index + 1] as string]);
    else values.push(flat[index + 1] as string);
  }
  return fields;
}

/** Notes every field that is missing, added or says something else. */
export function compareHeaders(
  legacy: Fields,
  candidate: Fields,
  described: Described,
  findings: Findings,
): void {
  const now = clocksOf(legacy, candidate);
  for (const name of new Set([...legacy.keys(), ...candidate.keys()])) {
    const [ones, others] = [legacy.get(name), candidate.get(name)];
    if (name === 'set-cookie') compareCookies(ones ?? [], others ?? [], now, findings);
    else if (name === 'location') compareRedirects(ones, others, described.requested, findings);
    else if (name === 'expires') compareExpires(ones, others, now, findings);
    else if (!isAboutBody(name)) compareField(name, ones, others, findings);
    else if (!described.notModified) compareAboutBody(name, [ones, others], described, findings);
  }
}

const NO_CLOCKS: Moments = { legacy: null, candidate: null };

/** When both answers were made; not asked where no field is held against it, because dates are slow to read. */
function clocksOf(legacy: Fields, candidate: Fields): Moments {
  const isAsked = (fields: Fields): boolean => fields.has('expires') || fields.has('set-cookie');
  if (!isAsked(legacy) && !isAsked(candidate)) return NO_CLOCKS;
  return madeAt(legacy.get('date')?.[0], candidate.get('date')?.[0]);
}

/** Whether a field describes the body that comes with it. */
export function isAboutBody(name: string): boolean {
  return name === 'content-type' || name === 'content-encoding' || name === 'content-length';
}

function compareAboutBody(
  name: string,
  [legacy, candidate]: readonly [Values, Values],
  described: Described,
  findings: Findings,
): void {
  if (name === 'content-type') compareMediaTypes(legacy ?? [], candidate ?? [], findings);
  else if (name === 'content-length') compareLengths(legacy, candidate, described, findings);
  else {
    const [one, other] = [
      contentCodings(legacy ?? []).join(', '),
      contentCodings(candidate ?? []).join(', '),
    ];
    if (one !== other) findings.add('encoding', name, one || null, other || null);
  }
}

/** With bodies the bodies speak for themselves, and chunked answers have no length at all. */
function compareLengths(legacy: Values, candidate: Values, described: Described, findings: Findings): void {
  const inBoth = legacy !== undefined && candidate !== undefined;
  const compared = inBoth ? described.bodyless || legacy.length !== candidate.length : described.head;
  if (compared) compareField('content-length', legacy, candidate, findings);
}

/** Other moments say the same; a stale answer and one that may be kept do not (RFC 9111, section 5.3). */
function compareExpires(legacy: Values, candidate: Values, now: Moments, findings: Findings): void {
  if (legacy === undefined || candidate === undefined) {
    compareField('expires', legacy, candidate, findings);
    return;
  }
  const one = legacy.map((value) => freshness(value, now.legacy)).join(' | ');
  const other = candidate.map((value) => freshness(value, now.candidate)).join(' | ');
  const moments = { legacy: momentOf(legacy[0]), candidate: momentOf(candidate[0]) };
  if (one !== other) findings.add('header_value', 'expires', one, other);
  else if (areApart(moments, now)) {
    findings.add('header_value', 'expires', legacy.join(' | '), candidate.join(' | '));
  }
}

/** What is no date, `0` above all, lies in the past. */
function freshness(value: string, nowMs: number | null): 'past' | 'future' {
  const moment = momentOf(value);
  return moment === null || isPast(moment, nowMs) ? 'past' : 'future';
}

function compareField(name: string, legacy: Values, candidate: Values, findings: Findings): void {
  // Most fields are the same to the letter, and a rule only ever forgives.
  if (legacy?.length === 1 && candidate?.length === 1 && legacy[0] === candidate[0]) return;
  const rule = headerRule(name);
  if (rule === 'ignored') return;
  const one = legacy === undefined ? null : writing(name, legacy, rule);
  const other = candidate === undefined ? null : writing(name, candidate, rule);
  if (one === other) return;
  if (one !== null && other !== null && isForgiven(name, one, other, findings)) return;
  const kind = other === null ? 'header_missing' : one === null ? 'header_added' : 'header_value';
  if (!findings.count(kind, name)) return;
  if (isSensitiveName(name)) {
    findings.keepHidden(kind, name, 'header', { legacy: one !== null, candidate: other !== null });
    return;
  }
  findings.keep(kind, name, one === null ? null : shown(one), other === null ? null : shown(other));
}

/** Whether rules make two values say the same, or two lists of values joined by commas. */
function isForgiven(name: string, legacy: string, candidate: string, findings: Findings): boolean {
  if (findings.rules === null) return false;
  if (findings.forgives('header_value', name, legacy, candidate)) return true;
  const list = findings.rules.stateOf('header_value', name)?.list ?? null;
  if (list === null || !listForgiving(list, legacy, candidate)) return false;
  findings.hide(list);
  return true;
}
