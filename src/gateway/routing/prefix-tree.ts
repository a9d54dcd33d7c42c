// HOT: a walk along the path; no allocation.

const SLASH = 47;

interface Node<T> {
  /** Text between the parent and this node. */
  edge: string;
  value: T | null;
  /** By the first character of their edge. */
  children: Map<number, Node<T>>;
}

/** Prefixes of paths in a radix tree: a lookup takes as long as the path, however many prefixes there are. */
export class PrefixTree<T> {
  private readonly root: Node<T> = { edge: '', value: null, children: new Map() };

  /** The value of a prefix; made when there is none. */
  at(prefix: string, make: () => T): T {
    let node = this.root;
    let rest = prefix;
    while (rest !== '') {
      const child = node.children.get(rest.charCodeAt(0));
      if (child === undefined) {
        const leaf: Node<T> = { edge: rest, value: null, children: new Map() };
        node.children.set(rest.charCodeAt(0), leaf);
        node = leaf;
        break;
      }
      const common = commonLength(child.edge, rest);
      node = common === child.edge.length ? child : split(node, child, common);
      rest = rest.slice(common);
    }
    node.value ??= make();
    return node.value;
  }

  /**
   * Finds every prefix of a path that ends where one of its segments does.
   * @param into gets their values, the shortest prefix first; reused by the caller
   * @returns how many there are
   */
  collect(path: string, into: T[]): number {
    let node = this.root;
    let at = 0;
    let count = 0;
    for (;;) {
      if (node.value !== null && isBoundary(path, at)) into[count++] = node.value;
      if (at === path.length) return count;
      const child = node.children.get(path.charCodeAt(at));
      if (child === undefined || !path.startsWith(child.edge, at)) return count;
      at += child.edge.length;
      node = child;
    }
  }
}

/** `/api` ends in `/api` and `/api/x`, never in `/apix`; `/api/` in what is below it. */
function isBoundary(path: string, at: number): boolean {
  return at === path.length || path.charCodeAt(at) === SLASH || path.charCodeAt(at - 1) === SLASH;
}

function split<T>(parent: Node<T>, child: Node<T>, at: number): Node<T> {
  const between: Node<T> = { edge: child.edge.slice(0, at), value: null, children: new Map() };
  child.edge = child.edge.slice(at);
  between.children.set(child.edge.charCodeAt(0), child);
  parent.children.set(between.edge.charCodeAt(0), between);
  return between;
}

function commonLength(one: string, other: string): number {
  const most = Math.min(one.length, other.length);
  let length = 0;
  while (length < most && one.charCodeAt(length) === other.charCodeAt(length)) length += 1;
  return length;
}
