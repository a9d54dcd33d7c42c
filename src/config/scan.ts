import { isAlias, isCollection, isMap, isScalar } from 'yaml';
import type { Alias, Node, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { LIMITS } from '../core/limits.ts';

/** What one walk over a document finds. */
export interface Scan {
  /** Keys that stand in their map a second time. */
  readonly repeated: readonly Node[];
  /** Aliases whose anchor does not stand before them. */
  readonly lost: readonly Alias[];
  /** Aliases inside of what they mean: that would have no end. */
  readonly endless: readonly Alias[];
  /** The alias with which all of them stand for too many values. */
  readonly tooMany: Alias | null;
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

/** What an anchor stands for. */
interface Anchored {
  readonly node: Node;
  /** With all that aliases in it stand for; null while it is walked over. */
  values: number | null;
}

class Walk implements Scan {
  readonly repeated: Node[] = [];
  readonly lost: Alias[] = [];
  readonly endless: Alias[] = [];
  tooMany: Alias | null = null;
  private values = 0;
  private aliased = 0;
  readonly targets = new Map<Alias, Node>();
  readonly variables: Scalar<string>[] = [];
  tooDeep: Node | null = null;
  private readonly anchors = new Map<string, Anchored>();

  /** @param above how many maps, pairs and lists lead to it */
  node(node: unknown, above: number): void {
    if (isAlias(node)) return this.alias(node);
    if (!isScalar(node) && !isCollection(node)) return;
    const before = this.values;
    const anchored: Anchored = { node, values: null };
    if (node.anchor !== undefined) this.anchors.set(node.anchor, anchored);
    this.values += 1;
    if (isScalar(node)) this.scalar(node);
    else this.collection(node, above);
    anchored.values = this.values - before;
  }

  private scalar(node: Scalar): void {
    if (typeof node.value === 'string' && node.value.includes('$'))
      this.variables.push(node as Scalar<string>);
  }

  private alias(node: Alias): void {
    const target = this.anchors.get(node.source);
    if (target === undefined) this.lost.push(node);
    else if (target.values === null) this.endless.push(node);
    else {
      this.targets.set(node, target.node);
      this.values += target.values;
      this.aliased += target.values;
      if (this.aliased > LIMITS.configAliased) this.tooMany ??= node;
    }
  }

  private collection(node: YAMLMap | YAMLSeq, above: number): void {
    if (above >= LIMITS.configDepth * 2) this.tooDeep ??= node;
    if (this.tooDeep !== null) return;
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
    if (key.anchor !== undefined) this.anchors.set(key.anchor, { node: key, values: 1 });
    const text = String(key.value);
    if (keys.has(text)) this.repeated.push(key);
    keys.add(text);
  }
}
