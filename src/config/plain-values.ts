import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Alias, Node } from 'yaml';

/**
 * The values of a document as plain data, in time linear in its nodes; what an alias means is shared, not copied. Only for
 * documents that have passed `scan.ts`: no alias is without an end.
 */
export function plainValues(contents: Node | null, targets: ReadonlyMap<Alias, Node>): unknown {
  const known = new Map<Node, unknown>();
  const shared = (node: Node): unknown => {
    if (!known.has(node)) known.set(node, valueOf(node));
    return known.get(node);
  };
  const valueOf = (node: unknown): unknown => {
    if (isScalar(node)) return node.value;
    if (isAlias(node)) {
      const target = targets.get(node);
      return target === undefined ? null : shared(target);
    }
    if (isSeq(node)) return node.items.map(valueOf);
    return isMap(node) ? mapOf(node.items) : null;
  };
  const mapOf = (pairs: readonly { readonly key: unknown; readonly value: unknown }[]): object => {
    const map: Record<string, unknown> = {};
    for (const pair of pairs) {
      const key = keyOf(valueOf(pair.key));
      const value = valueOf(pair.value);
      if (key !== '__proto__') map[key] = value;
      else Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
    }
    return map;
  };
  return valueOf(contents);
}

function keyOf(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
