import { compareCookies } from './cookies.ts';
import { contentCodings } from './decode.ts';
import type { Findings } from './findings.ts';
import { headerRule, joined } from './header-rules.ts';
import { maskTarget } from './mask.ts';
import { compareMediaTypes } from './media-type.ts';
import { isSensitiveName } from './secrets.ts';

/** Values by lower-case name, in their order. */
export type Fields = ReadonlyMap<string, readonly string[]>;

/** What is known about the bodies the fields describe. */
export interface Described {
  /** A HEAD or 304 has no body: Content-Length is then all there is to compare. */
  readonly bodyless: boolean;
  /** A 304 leaves out what describes a body (RFC 9110, section 15.4.5), or not. */
  readonly notModified: boolean;
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
  for (const name of new Set([...legacy.keys(), ...candidate.keys()])) {
    const [ones, others] = [legacy.get(name), candidate.get(name)];
    if (name === 'set-cookie') compareCookies(ones ?? [], others ?? [], findings);
    else if (name === 'location') compareRedirects(ones?.[0], others?.[0], findings);
    else if (!isAboutBody(name)) compareField(name, ones, others, findings);
    else if (!described.notModified) compareAboutBody(name, ones, others, described, findings);
  }
}

function isAboutBody(name: string): boolean {
  return name === 'content-type' || name === 'content-encoding' || name === 'content-length';
}

function compareAboutBody(
  name: string,
  legacy: readonly string[] | undefined,
  candidate: readonly string[] | undefined,
  described: Described,
  findings: Findings,
): void {
  if (name === 'content-type') compareMediaTypes(legacy?.[0], candidate?.[0], findings);
  else if (name === 'content-encoding') {
    const [one, other] = [
      contentCodings(legacy ?? []).join(', '),
      contentCodings(candidate ?? []).join(', '),
    ];
    if (one !== other) findings.add('encoding', name, one || null, other || null);
  } else if (described.bodyless && legacy !== undefined && candidate !== undefined) {
    // With bodies the bodies speak for themselves, and chunked answers have no length at all.
    compareField(name, legacy, candidate, findings);
  }
}

/** An absolute and a relative form are different: what they resolve to depends on who reads them. */
function compareRedirects(
  legacy: string | undefined,
  candidate: string | undefined,
  findings: Findings,
): void {
  if (legacy === candidate) return;
  const shown = (value: string | undefined): string | null =>
    value === undefined ? null : maskTarget(value);
  findings.add('redirect', 'location', shown(legacy), shown(candidate));
}

function compareField(
  name: string,
  legacy: readonly string[] | undefined,
  candidate: readonly string[] | undefined,
  findings: Findings,
): void {
  const rule = headerRule(name);
  if (rule === 'ignored') return;
  const one = legacy === undefined ? null : joined(legacy, rule);
  const other = candidate === undefined ? null : joined(candidate, rule);
  if (one === other || (rule === 'presence' && one !== null && other !== null)) return;
  const kind = other === null ? 'header_missing' : one === null ? 'header_added' : 'header_value';
  if (!findings.count(kind, name)) return;
  if (!isSensitiveName(name)) findings.keep(kind, name, one, other);
  else findings.keepHidden(kind, name, 'header', { legacy: one !== null, candidate: other !== null });
}
