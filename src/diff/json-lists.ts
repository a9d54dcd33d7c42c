import { canonicalNumber } from './json-number.ts';
import { JsonNumber, JsonRepeated, type JsonValue } from './json-reader.ts';
import type { PathState } from './rule-state.ts';
import { rewritten, seenAs } from './rule-values.ts';

/** The elements of a list in an order that their contents alone decide. */
export function inOrder(list: readonly JsonValue[], state: PathState | null): JsonValue[] {
  return list
    .map((value) => ({ value, text: canonicalText(value, state, seenAs) }))
    .toSorted((one, other) => (one.text < other.text ? -1 : one.text > other.text ? 1 : 0))
    .map(({ value }) => value);
}

/** The same with each element once. Values that are only tolerated for each other are two. */
export function asSet(list: readonly JsonValue[], state: PathState | null): JsonValue[] {
  return inOrder(
    [...new Map(list.map((value) => [canonicalText(value, state, rewritten), value])).values()],
    state,
  );
}

/**
 * The elements of a list by the value of a field of theirs.
 * @param field its keys: a field of a field is written `a/b`
 * @returns null when an element has no such field, or two have the same
 */
export function byField(list: readonly JsonValue[], field: readonly string[]): Map<string, JsonValue> | null {
  const found = new Map<string, JsonValue>();
  for (const element of list) {
    const key = keyOf(element, field);
    if (key === null || found.has(key)) return null;
    found.set(key, element);
  }
  return found;
}

function keyOf(element: JsonValue, field: readonly string[]): string | null {
  let value: JsonValue | undefined = element;
  for (const key of field) value = value instanceof Map ? value.get(key) : undefined;
  if (value instanceof JsonNumber) return `number ${canonicalNumber(value.text)}`;
  return typeof value === 'string' ? `string ${value}` : null;
}

/**
 * One writing for equal values, without what rules hide.
 * @param seen how rules about values let a text be seen
 */
function canonicalText(value: JsonValue, state: PathState | null, seen: typeof seenAs): string {
  if (state?.hidesAll === true) return '';
  const rules = state?.values ?? [];
  if (typeof value === 'string') return JSON.stringify(seen(rules, value, false));
  if (value instanceof JsonNumber) return canonicalNumber(seen(rules, value.text, true));
  if (value === null || typeof value === 'boolean') return String(value);
  if (value instanceof JsonRepeated) {
    return value.values.map((each) => canonicalText(each, state, seen)).join('&');
  }
  if (Array.isArray(value)) {
    const element = state?.element() ?? null;
    const elements = value.map((each) => canonicalText(each, element, seen));
    return `[${arranged(elements, state).join(',')}]`;
  }
  const members = Array.from(value, ([key, member]) => {
    const inside = state?.child(key) ?? null;
    return inside?.hidesAll === true ? '' : `${JSON.stringify(key)}:${canonicalText(member, inside, seen)}`;
  });
  return `{${members
    .filter((member) => member !== '')
    .toSorted()
    .join(',')}}`;
}

/** Elements as the rule about their list lets them be seen. */
function arranged(elements: readonly string[], state: PathState | null): readonly string[] {
  if (state === null || state.list === null) return elements;
  return (state.list.action.do === 'unordered' ? [...new Set(elements)] : elements).toSorted();
}
