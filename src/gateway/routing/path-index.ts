// HOT: one walk along the path finds what is exact, a template or a prefix; a list is looked at when it may answer.
import { isEverything, isVariable } from '../../core/route-order.ts';
import type { RouteMatch } from '../../core/snapshot.ts';
import type { Asked } from './conditions.ts';
import { patternTest } from './pattern.ts';
import type { PatternTest } from './pattern.ts';
import { plainly } from './readings.ts';
import { SegmentTable } from './segment-table.ts';

/** What is looked for: something with a match. */
export interface Matched {
  readonly config: { readonly match: RouteMatch };
}

interface Pattern<T> {
  readonly test: PatternTest;
  readonly route: T;
}

/** What ends at a node: routes of that path alone, of the template, of the prefix, of what is below the prefix. */
const EXACT = 0;
const TEMPLATE = 1;
const PREFIX = 2;
const BELOW = 3;

/** What all hosts of a table have together: the segments of their paths and the routes that end at them. */
export class RouteEnds<T extends Matched> {
  /** At its nodes stand the numbers of lists, 0 for none. */
  readonly table = new SegmentTable();
  private readonly lists: T[][] = [[]];
  /** The first route of a list where it asks for nothing but its path: then nothing more is read. */
  private readonly plain: (T | null)[] = [null];

  add(node: number, end: number, route: T): void {
    const list = this.table.read(node, end);
    if (list !== 0) return void this.lists[list]?.push(route);
    this.table.write(node, end, this.lists.push([route]) - 1);
    this.plain.push(isUnconditional(route.config.match) ? route : null);
  }

  /** The first route that ends so at a node and whose conditions are met. */
  at(node: number, end: number, asked: Asked): T | null {
    const list = this.table.read(node, end);
    if (list === 0) return null;
    return this.plain[list] ?? first(this.lists[list] as T[], asked);
  }
}

/** The routes of one host by their paths. */
export class PathIndex<T extends Matched> {
  private readonly table: SegmentTable;
  private readonly ends: RouteEnds<T>;
  private readonly root: number;
  private readonly patterns: Pattern<T>[] = [];
  private readonly everything: T[] = [];
  private hasPaths = false;
  private hasTemplates = false;
  /** Nodes of the last walk, and where their segments end: as many as the deepest route has, and the root. */
  private nodes = new Int32Array(1);
  private at = new Int32Array(1);

  /** @param ends of all hosts of the table */
  constructor(ends: RouteEnds<T>) {
    this.table = ends.table;
    this.ends = ends;
    this.root = ends.table.root();
  }

  /** Routes come in order: of two with one path the first is asked first. @throws Error for a pattern that is none */
  add(route: T): void {
    const { match } = route.config;
    if (isEverything(match)) this.everything.push(route);
    else if (match.pathKind === 'regex') this.patterns.push({ test: patternTest(match.path), route });
    else this.addPath(match, route);
  }

  private addPath({ pathKind, path }: RouteMatch, route: T): void {
    const plain = plainly(path);
    this.hasPaths = true;
    if (pathKind === 'exact') return this.ends.add(this.nodeOf(plain, false), EXACT, route);
    if (pathKind === 'template') {
      this.hasTemplates = true;
      return this.ends.add(this.nodeOf(plain, true), TEMPLATE, route);
    }
    const isBelow = plain.endsWith('/');
    const node = this.nodeOf(isBelow ? plain.slice(0, -1) : plain, false);
    this.ends.add(node, isBelow ? BELOW : PREFIX, route);
  }

  private nodeOf(path: string, isTemplate: boolean): number {
    let node = this.root;
    const segments = path.split('/').slice(1);
    if (segments.length >= this.nodes.length) {
      this.nodes = new Int32Array(segments.length + 1);
      this.at = new Int32Array(segments.length + 1);
    }
    for (const segment of segments) {
      const isAny = isTemplate && isVariable(segment);
      node = isAny ? this.table.anyEdge(node) : this.table.edge(node, segment);
    }
    return node;
  }

  /** The first route, in order, whose path and conditions are met. @param path as it is read */
  find(path: string, asked: Asked): T | null {
    return (
      (this.hasPaths && path.startsWith('/') ? this.bySegments(path, asked) : null) ??
      (this.patterns.length > 0 ? this.byPattern(path, asked) : null) ??
      first(this.everything, asked)
    );
  }

  private bySegments(path: string, asked: Asked): T | null {
    const depth = this.walk(path);
    const isWhole = this.at[depth] === path.length;
    const exact = isWhole ? this.ends.at(this.nodes[depth] as number, EXACT, asked) : null;
    if (exact !== null) return exact;
    return (
      (this.hasTemplates ? this.byTemplate(path, depth, asked) : null) ?? this.byPrefix(path, depth, asked)
    );
  }

  /** Goes along the path as far as its segments stand in the table. @returns how many of them do */
  private walk(path: string): number {
    const { table, nodes, at } = this;
    nodes[0] = this.root;
    at[0] = 0;
    let depth = 0;
    while ((at[depth] as number) < path.length) {
      const next = table.follow(nodes[depth] as number, path, (at[depth] as number) + 1);
      if (next === 0) return depth;
      depth += 1;
      nodes[depth] = next;
      at[depth] = table.end;
    }
    return depth;
  }

  /** What is literal for longest first: from the end of the walk backwards. */
  private byTemplate(path: string, depth: number, asked: Asked): T | null {
    for (let index = depth; index >= 0; index -= 1) {
      const found = this.fork(
        this.nodes[index] as number,
        path,
        this.at[index] as number,
        index === depth,
        asked,
      );
      if (found !== null) return found;
    }
    return null;
  }

  /** Templates that go on with a variable from a node, and those that end there. */
  private fork(node: number, path: string, at: number, isLast: boolean, asked: Asked): T | null {
    if (at === path.length) return isLast ? this.ends.at(node, TEMPLATE, asked) : null;
    const any = this.table.any(node);
    if (any === 0) return null;
    const slash = path.indexOf('/', at + 1);
    const end = slash === -1 ? path.length : slash;
    return end === at + 1 ? null : this.beyond(any, path, end, asked);
  }

  /** Everything behind a variable. No node is visited twice, so that this is never longer than the tree. */
  private beyond(node: number, path: string, at: number, asked: Asked): T | null {
    if (at === path.length) return this.ends.at(node, TEMPLATE, asked);
    const literal = this.table.follow(node, path, at + 1);
    const found = literal === 0 ? null : this.beyond(literal, path, this.table.end, asked);
    return found ?? this.fork(node, path, at, false, asked);
  }

  private byPrefix(path: string, depth: number, asked: Asked): T | null {
    for (let index = depth; index >= 0; index -= 1) {
      const node = this.nodes[index] as number;
      const below = (this.at[index] as number) < path.length ? this.ends.at(node, BELOW, asked) : null;
      const found = below ?? this.ends.at(node, PREFIX, asked);
      if (found !== null) return found;
    }
    return null;
  }

  private byPattern(path: string, asked: Asked): T | null {
    for (const { test, route } of this.patterns) {
      if (asked.meets(route.config.match) && test(path)) return route;
    }
    return null;
  }
}

function first<T extends Matched>(routes: readonly T[], asked: Asked): T | null {
  for (const route of routes) if (asked.meets(route.config.match)) return route;
  return null;
}

function isUnconditional({ methods, headers = [], query = [] }: RouteMatch): boolean {
  return methods.length + headers.length + query.length === 0;
}
