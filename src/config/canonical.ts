/**
 * JSON with sorted keys and no spaces: equal data gives equal text, whatever the order it was written in.
 * Keys whose value is undefined are left out, as in JSON.
 */
export function canonicalJson(data: unknown): string {
  return JSON.stringify(data, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
