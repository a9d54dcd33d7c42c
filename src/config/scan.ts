import { isAlias, isCollection, isMap, isScalar } from 'yaml';
import type { Alias, Node, Scalar } from 'yaml';
import { LIMITS } from '../core/limits.ts';

/** What one walk over a document finds. */
export interface Scan {
  /** Keys that stand in their map a second time. */
  readonly repeated: readonly Node[];
  /** Aliases whose anchor does not stand before them. */
  readonly lost: readonly Alias[];
  /** What each other alias means. */
  readonly targets: ReadonlyMap<Alias, Node>;
  /** The first collection that is nested too deep: what lies below is not looked at. */
  readonly tooDeep: Node | null;
  /** Values that may hold a variable. */
  readonly variables: readonly Scalar<string>[];
}

/**
 * Walks once over all nodes, in time linear in their number: the library looks for the anchor of each alias in the whole
 * document, and for each key in all keys before it.
 */
export function scan(contents: Node | null): Scan {
  const walk = new Walk();
  // The document itself is above its contents.
  walk.node(contents, 1);
  return walk;
}

class Walk implements Scan {
  readonly repeated: Node[] = [];
  readonly lost: Alias[] = [];
  readonly targets = new Map<Alias, Node>();
  readonly variables: Scalar<string>[] = [];
  tooDeep: Node | null = null;
  private readonly anchors = new Map<string, Node>();

  /** @param above how many maps, pairs and lists lead to it */
  node(node: unknown, above: number): void {
    if (isScalar(node)) this.scalar(node);
    else if (isAlias(node)) this.alias(node);
    else if (isCollection(node)) this.collection(node, above);
  }

  private scalar(node: Scalar): void {
    if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
    if (typeof node.value === 'string' && node.value.includes('$'))
      this.variables.push(node as Scalar<string>);
  }

  private alias(node: Alias): void {
    const target = this.anchors.get(node.source);
    if (target === undefined) this.lost.push(node);
    else this.targets.set(node, target);
  }

  private collection(node: Node & { items: unknown[]; anchor?: string }, above: number): void {
    if (above >= LIMITS.configDepth * 2) this.tooDeep ??= node;
    if (this.tooDeep !== null) return;
    if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
    if (!isMap(node)) {
      for (const item of node.items) this.node(item, above + 1);
      return;
    }
    const keys = new Set<string>();
    for (const { key, value } of node.items) {
      this.key(key, keys, above);
      this.node(value, above + 2);
    }
  }

  /** Variables are put into values alone. Keys become text: `1` and `'1'` are one. */
  private key(key: unknown, keys: Set<string>, above: number): void {
    if (!isScalar(key)) return this.node(key, above + 2);
    if (key.anchor !== undefined) this.anchors.set(key.anchor, key);
    const text = String(key.value);
    if (keys.has(text)) this.repeated.push(key);
    keys.add(text);
  }
}
