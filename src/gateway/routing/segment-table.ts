// HOT: a walk over the segments of a path in tables of numbers; nothing is allocated, no text is cut out.

/** Numbers of one edge in the hash table: the hash of its node and segment, and the node it leads to, 0 for no edge. */
const SLOT = 2;
/** Numbers of one node, which fill half a line of the cache. */
const NODE = 8;
/** Where a segment of any text leads, and the only literal one; the node it comes from, and the text of the segment. */
const ANY = 4;
const ONLY = 5;
const PARENT = 6;
const TEXT = 7;

/** In the place of the only segment: there are several, and the hash table has them. */
const MANY = -1;
const SLASH = 47;
/** FNV-1a, and the golden ratio to tell edges of one text and of different nodes apart. */
const OFFSET = 0x811c9dc5 | 0;
const PRIME = 0x01000193;
const SPREAD = 0x9e3779b1;

/**
 * Segments of the paths of all routes as one tree. A node with one way on has it in its own numbers, the ways of all others
 * stand in one hash table: a step touches a line or two of the cache, however many routes there are. Only the
 * configuration puts texts in, so that no client makes them collide.
 */
export class SegmentTable {
  /** Where the segment ended that {@link follow} found. */
  end = 0;
  private nodes = new Int32Array(NODE * 8);
  private count = 1;
  private slots = new Int32Array(SLOT * 16);
  private mask = 15;
  private edges = 0;
  /** Texts of segments, each once: its length, then its characters. */
  private chars = new Uint16Array(64);
  private used = 0;
  private readonly texts = new Map<string, number>();

  /** A node that nothing leads to: the root of the paths of one host. */
  root(): number {
    if ((this.count + 1) * NODE > this.nodes.length) this.nodes = doubled(this.nodes);
    return this.count++;
  }

  /** What stands at one of the first four places of a node, 0 at first. */
  read(node: number, place: number): number {
    return this.nodes[node * NODE + place] as number;
  }

  write(node: number, place: number, value: number): void {
    this.nodes[node * NODE + place] = value;
  }

  /** The node that any segment leads to, 0 for none. */
  any(node: number): number {
    return this.nodes[node * NODE + ANY] as number;
  }

  /** The node that any segment leads to; made when there is none. */
  anyEdge(node: number): number {
    const known = this.any(node);
    if (known !== 0) return known;
    const child = this.root();
    this.write(node, ANY, child);
    return child;
  }

  /** The node that a segment leads to from another one; made when there is none. */
  edge(node: number, segment: string): number {
    const known = this.follow(node, segment, 0);
    if (known !== 0) return known;
    const child = this.root();
    this.write(child, PARENT, node);
    this.write(child, TEXT, this.textOf(segment));
    const only = this.read(node, ONLY);
    this.write(node, ONLY, only === 0 ? child : MANY);
    if (only > 0) this.put(only);
    if (only !== 0) this.put(child);
    return child;
  }

  /** The node that the segment leads to which begins at `from`, 0 for none; {@link end} is where the segment ends. */
  follow(node: number, path: string, from: number): number {
    const only = this.nodes[node * NODE + ONLY] as number;
    if (only === MANY) return this.lookUp(node, path, from);
    if (only === 0) return 0;
    return this.isAt(this.nodes[only * NODE + TEXT] as number, path, from) ? only : 0;
  }

  private lookUp(node: number, path: string, from: number): number {
    let sum = OFFSET;
    for (let at = from; at < path.length; at += 1) {
      const code = path.charCodeAt(at);
      if (code === SLASH) break;
      sum = Math.imul(sum ^ code, PRIME);
    }
    const hash = mixed(node, sum);
    const { slots, mask, nodes } = this;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const child = slots[slot * SLOT + 1] as number;
      if (child === 0) return 0;
      if (slots[slot * SLOT] !== hash || nodes[child * NODE + PARENT] !== node) continue;
      if (this.isAt(nodes[child * NODE + TEXT] as number, path, from)) return child;
    }
  }

  /** Whether the segment that begins at `from` is this text; then {@link end} is where it ends. */
  private isAt(text: number, path: string, from: number): boolean {
    const { chars } = this;
    const end = from + (chars[text] as number);
    if (end > path.length || (end < path.length && path.charCodeAt(end) !== SLASH)) return false;
    for (let at = from, char = text + 1; at < end; at += 1, char += 1) {
      if (path.charCodeAt(at) !== chars[char]) return false;
    }
    this.end = end;
    return true;
  }

  private textOf(segment: string): number {
    const known = this.texts.get(segment);
    if (known !== undefined) return known;
    const text = this.used;
    this.used += segment.length + 1;
    while (this.used > this.chars.length) this.chars = doubled(this.chars);
    this.chars[text] = segment.length;
    for (let at = 0; at < segment.length; at += 1) this.chars[text + 1 + at] = segment.charCodeAt(at);
    this.texts.set(segment, text);
    return text;
  }

  private put(child: number): void {
    this.edges += 1;
    if (this.edges * 3 > this.mask * 2) this.grow();
    this.place(mixed(this.read(child, PARENT), this.sumOf(this.read(child, TEXT))), child);
  }

  private place(hash: number, child: number): void {
    let slot = hash & this.mask;
    while (this.slots[slot * SLOT + 1] !== 0) slot = (slot + 1) & this.mask;
    this.slots[slot * SLOT] = hash;
    this.slots[slot * SLOT + 1] = child;
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Int32Array(old.length * 2);
    this.mask = this.mask * 2 + 1;
    for (let at = 0; at < old.length; at += SLOT) {
      const child = old[at + 1] as number;
      if (child !== 0) this.place(old[at] as number, child);
    }
  }

  private sumOf(text: number): number {
    const end = text + 1 + (this.chars[text] as number);
    let sum = OFFSET;
    for (let at = text + 1; at < end; at += 1) sum = Math.imul(sum ^ (this.chars[at] as number), PRIME);
    return sum;
  }
}

function mixed(node: number, sum: number): number {
  const hash = Math.imul(sum ^ Math.imul(node, SPREAD), SPREAD);
  return hash ^ (hash >>> 15);
}

function doubled<T extends Int32Array | Uint16Array>(old: T): T {
  const larger = new (old.constructor as new (length: number) => T)(old.length * 2);
  larger.set(old);
  return larger;
}
