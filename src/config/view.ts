import type { Path } from './problem.ts';

/**
 * Reads values that no schema has accepted yet. The checks of meaning work on them, so that one wrong unit
 * does not hide a route that names a wrong upstream.
 */

/** The value of a path, or undefined. */
export function valueAt(raw: unknown, path: Path): unknown {
  let value = raw;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** The value as a text, or null. */
export function textAt(raw: unknown, path: Path): string | null {
  const value = valueAt(raw, path);
  return typeof value === 'string' ? value : null;
}

/** Name and value of each entry of a map; none when it is no map. */
export function entriesAt(raw: unknown, path: Path): [name: string, value: unknown][] {
  const value = valueAt(raw, path);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

/** The paths of the entries of a list; none when it is no list. */
export function itemsAt(raw: unknown, path: Path): Path[] {
  const value = valueAt(raw, path);
  return Array.isArray(value) ? value.map((_, index) => [...path, index]) : [];
}

/** The texts of a list, or the one text that stands in its place, with their paths. */
export function textsAt(raw: unknown, path: Path): { readonly text: string; readonly path: Path }[] {
  const single = textAt(raw, path);
  if (single !== null) return [{ text: single, path }];
  return itemsAt(raw, path).flatMap((item) => {
    const text = textAt(raw, item);
    return text === null ? [] : [{ text, path: item }];
  });
}
