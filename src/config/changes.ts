import { isDeepStrictEqual } from 'node:util';
import { LIMITS } from '../core/limits.ts';
import { printable } from '../core/printable.ts';
import { maskLine } from './redact.ts';
import { readSource } from './source.ts';

/** One key of the file whose value is another one; null where it was not, or is no more. */
export interface KeyChange {
  /** As people say it: `candidate.routes[shop].upstream`. */
  readonly key: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** What differs between two texts of a configuration. */
export interface KeyChanges {
  readonly changes: readonly KeyChange[];
  /** Further ones that are not listed. */
  readonly more: number;
}

/**
 * Which keys differ between two texts of `cutover.yaml`, in the order of the newer one. Lists of things with names are
 * compared by name, others by place. Values are shortened, secrets hidden, variables not put in.
 * @param read the values of the newer one, where they are known: reading takes long
 */
export function keyChanges(before: string, after: string, read?: () => unknown): KeyChanges {
  if (before === after) return { changes: [], more: 0 };
  const found: KeyChange[] = [];
  const one = valuesOf(before);
  if (read !== undefined) last = { text: after, values: read() };
  const other = valuesOf(after);
  compare('', one, other, found);
  return {
    changes: found
      .slice(0, LIMITS.configChanges)
      .map((change) => ({ ...change, key: short(change.key, LIMITS.configKeyChars) })),
    more: Math.max(0, found.length - LIMITS.configChanges),
  };
}

/** The text that was read last: the newer one of a change is the older one of the next, and reading takes long. */
let last = { text: '', values: null as unknown };

function valuesOf(text: string): unknown {
  if (text !== last.text) last = { text, values: readSource('', text, null).raw };
  return last.values;
}

type Values = Readonly<Record<string, unknown>>;

function compare(key: string, before: unknown, after: unknown, found: KeyChange[]): void {
  if (isDeepStrictEqual(before, after)) return;
  const [old, now] = [partsOf(before), partsOf(after)];
  if (old === null || now === null || Array.isArray(before) !== Array.isArray(after)) {
    found.push({ key: key === '' ? 'everything' : key, from: shown(key, before), to: shown(key, after) });
    return;
  }
  const isList = Array.isArray(after);
  for (const name of new Set([...Object.keys(now), ...Object.keys(old)])) {
    compare(
      isList ? `${key}[${printable(name)}]` : joined(key, printable(name)),
      old[name],
      now[name],
      found,
    );
  }
  if (isList) compareOrder(key, old, now, found);
}

/** The members of a map, those of a list by their names or places; null for a plain value. */
function partsOf(value: unknown): Values | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!Array.isArray(value)) return value as Values;
  const items = value as readonly unknown[];
  if (items.length === 0 || items.some((item) => typeof item !== 'object' || item === null)) return null;
  const names = items.map(nameOf);
  const isNamed = names.every((name) => name !== null) && new Set(names).size === names.length;
  return Object.fromEntries(
    items.map((item, index) => [isNamed ? String(names[index]) : `${index + 1}`, item]),
  );
}

/** Numbers would be put first by JavaScript, whatever their order: such names are no names here. */
function nameOf(item: unknown): string | null {
  const { name } = item as { readonly name?: unknown };
  return typeof name === 'string' && !/^\d+$/.test(name) ? name : null;
}

function compareOrder(key: string, before: Values, after: Values, found: KeyChange[]): void {
  const [old, now] = [before, after].map((values, index) =>
    Object.keys(values).filter((name) => Object.hasOwn(index === 0 ? after : before, name)),
  );
  if (isDeepStrictEqual(old, now)) return;
  found.push({ key: `${key} (order)`, from: shown(key, old), to: shown(key, now) });
}

function joined(key: string, name: string): string {
  return key === '' ? name : `${key}.${name}`;
}

/** A value as one short line without what a secret key holds. */
function shown(key: string, value: unknown): string | null {
  if (value === undefined) return null;
  const name = key.slice(key.lastIndexOf('.') + 1);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return short(maskLine(`${name}: ${text}`).slice(name.length + 2), LIMITS.configChangeChars);
}

function short(text: string, chars: number): string {
  return text.length > chars ? `${text.slice(0, chars - 1)}…` : text;
}
