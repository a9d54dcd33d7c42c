// HOT: one memcmp and one walk over both lists of fields; nothing is parsed, and nothing allocated where they agree.
import { type ComparedPair, isBodyless, isSameBody } from './compare.ts';
import { isFailure } from '../core/status-kind.ts';
import { headerRule, writing } from './header-rules.ts';

/** Fields of one answer that are looked at here: one bit of a number each. */
const FIELDS = 31;

/**
 * Whether two answers plainly say the same: the same status, the same bytes, and fields that are equal to the letter
 * or whose value says nothing (`Date`, request ids, validators), in any order. True only where `comparePair` finds no
 * difference and no rule has anything to hide; false says nothing: the pair has to be compared.
 */
export function agree({ method, legacy, candidate }: ComparedPair): boolean {
  const { status } = legacy;
  if (status !== candidate.status || isFailure(status)) return false;
  const bodyless = method === 'HEAD' || isBodyless(status);
  if (!bodyless && !isSameBody(legacy, candidate)) return false;
  return fieldsAgree(legacy.fields, candidate.fields, bodyless);
}

/** Each field of one side has its own place on the other one, the first of its name that is not taken. */
function fieldsAgree(legacy: readonly string[], candidate: readonly string[], bodyless: boolean): boolean {
  if (legacy.length > 2 * FIELDS || candidate.length > 2 * FIELDS) return false;
  let taken = 0;
  let datesDiffer = false;
  let datesMatter = false;
  for (let index = 0; index < legacy.length; index += 2) {
    const name = legacy[index] as string;
    const value = legacy[index + 1] as string;
    const place = placeOf(name, candidate, taken);
    if (place !== -1) taken |= 1 << (place >> 1);
    datesMatter ||= isDated(name);
    const other = place === -1 ? null : (candidate[place + 1] as string);
    if (value === other) continue;
    if (!isForgiven(name, value, other, bodyless ? null : candidate)) return false;
    datesDiffer ||= isSame(name, 'date');
  }
  for (let index = 0; index < candidate.length; index += 2) {
    if ((taken & (1 << (index >> 1))) !== 0) continue;
    const name = candidate[index] as string;
    if (!isForgiven(name, candidate[index + 1] as string, null, bodyless ? null : legacy)) return false;
    datesDiffer ||= isSame(name, 'date');
  }
  // What a date in an answer says depends on when the answer was made.
  return !(datesDiffer && datesMatter);
}

function placeOf(name: string, fields: readonly string[], taken: number): number {
  for (let index = 0; index < fields.length; index += 2) {
    if ((taken & (1 << (index >> 1))) === 0 && isSame(fields[index] as string, name)) return index;
  }
  return -1;
}

function isSame(name: string, other: string): boolean {
  if (name === other) return true;
  return name.length === other.length && name.toLowerCase() === other.toLowerCase();
}

/** Fields whose comparison asks for `Date`. */
function isDated(name: string): boolean {
  if (name.length === 10) return isSame(name, 'set-cookie');
  return name.length === 7 && isSame(name, 'expires');
}

/**
 * Whether a field may differ, or be on one side only (`other` is null).
 * @param across fields of the other side, where bodies speak for their lengths; else null
 */
function isForgiven(
  name: string,
  value: string,
  other: string | null,
  across: readonly string[] | null,
): boolean {
  const lower = name.toLowerCase();
  if (lower === 'content-length')
    return across !== null && (other !== null || placeOf(lower, across, 0) === -1);
  if (lower === 'expires') return false;
  const rule = headerRule(lower);
  if (rule === 'ignored') return true;
  if (rule !== 'state' || other === null) return false;
  return writing(lower, [value], rule) === writing(lower, [other], rule);
}
