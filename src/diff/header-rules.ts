import { isNeverCompared, isStateOnly } from '../core/never-compared.ts';
import { lowerOutsideQuotes, splitOutsideQuotes } from './quoted.ts';
import { momentOf } from './moments.ts';

/** What is said about a field before its values are looked at. */
export type HeaderRule = 'ignored' | 'state' | 'set' | 'single' | 'value';

/** Lists whose order and case mean nothing. */
const SETS = new Set(
  (
    'vary allow cache-control pragma access-control-allow-methods ' +
    'access-control-allow-headers access-control-expose-headers accept-ranges'
  ).split(' '),
);

/**
 * Fields with one value: a second one, or a comma, makes clients choose, fail or ignore the field
 * (RFC 9110, section 5.3), so that nothing is joined or split here.
 */
const SINGLES = new Set(
  (
    'content-length content-location content-range content-disposition retry-after refresh ' +
    'access-control-allow-origin access-control-allow-credentials access-control-max-age ' +
    'strict-transport-security x-content-type-options x-frame-options'
  ).split(' '),
);
const SINGLE_STATES = new Set(['etag', 'last-modified', 'expires']);

/** The rule for a field that has no comparison of its own. */
export function headerRule(lowerName: string): HeaderRule {
  if (isNeverCompared(lowerName)) return 'ignored';
  if (isStateOnly(lowerName)) return 'state';
  if (SINGLES.has(lowerName)) return 'single';
  return SETS.has(lowerName) ? 'set' : 'value';
}

/** Content-Security-Policy draws it anew for each answer. */
const NONCE = /'nonce-[^']{1,256}'/g;

/** Stands between the values of a field that must have one; no value holds a line end. */
const APART = '\n';

/**
 * All values of one field in one writing that is equal where they say the same.
 * @param rule what {@link headerRule} says of the name
 */
export function writing(name: string, values: readonly string[], rule: HeaderRule): string {
  if (rule === 'state') return stateOf(name, values);
  return rule === 'single' ? values.map((each) => each.trim()).join(APART) : joined(values, rule);
}

/** A writing as people read it. */
export function shown(text: string): string {
  return text.replaceAll(APART, ' | ');
}

/**
 * Repeated fields and one joined by commas say the same (RFC 9110, section 5.3), and so do the spaces around commas.
 */
function joined(values: readonly string[], rule: HeaderRule): string {
  const list = values
    .flatMap((value) => splitOutsideQuotes(value, ','))
    .map((each) => (each.includes("'nonce-") ? each.replaceAll(NONCE, "'nonce-*'") : each));
  if (rule !== 'set') return list.join(', ');
  const members = new Set(list.map(lowerOutsideQuotes).filter((each) => each !== ''));
  return [...members].toSorted().join(', ');
}

/** Whether a field says anything: of a field with one value, for every value there is. */
function stateOf(name: string, values: readonly string[]): string {
  const states = values.map((value) => valueState(name, value.trim()));
  if (SINGLE_STATES.has(name)) return states.join(APART);
  return states.includes('set') ? 'set' : 'empty';
}

/** An entity tag of no characters (RFC 9110, section 8.8.3). */
const EMPTY_TAG = /^(?:W\/)?""$/;

function valueState(name: string, value: string): string {
  if (value === '' || (name === 'etag' && EMPTY_TAG.test(value))) return 'empty';
  return name === 'last-modified' && momentOf(value) === null ? 'no date' : 'set';
}
