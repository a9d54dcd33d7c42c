// HOT: a walk over the segments of the path; one slice for each.
import { isVariable } from '../../core/route-order.ts';

interface Step<T> {
  readonly literals: Map<string, Step<T>>;
  any: Step<T> | null;
  value: T | null;
}

function step<T>(): Step<T> {
  return { literals: new Map(), any: null, value: null };
}

/** Templates of paths, segment by segment. */
export class TemplateTree<T> {
  private readonly root = step<T>();

  /** The value of a template; made when there is none. */
  at(template: string, make: () => T): T {
    let node = this.root;
    for (const segment of template.split('/').slice(1)) {
      if (isVariable(segment)) node = node.any ??= step();
      else {
        const next = node.literals.get(segment) ?? step();
        node.literals.set(segment, next);
        node = next;
      }
    }
    node.value ??= make();
    return node.value;
  }

  /**
   * Finds every template of a path.
   * @param into gets their values, the one that is literal for longest first; reused by the caller
   * @returns how many there are
   */
  collect(path: string, into: T[]): number {
    return visit(this.root, path, 1, into, 0);
  }
}

/** No node is visited twice, so that a walk is never longer than the tree. */
function visit<T>(node: Step<T>, path: string, from: number, into: T[], found: number): number {
  const slash = path.indexOf('/', from);
  const end = slash === -1 ? path.length : slash;
  const literal = node.literals.size === 0 ? undefined : node.literals.get(path.slice(from, end));
  let count = found;
  if (literal !== undefined) count = go(literal, path, slash, into, count);
  if (node.any !== null && end > from) count = go(node.any, path, slash, into, count);
  return count;
}

function go<T>(node: Step<T>, path: string, slash: number, into: T[], count: number): number {
  if (slash !== -1) return visit(node, path, slash + 1, into, count);
  if (node.value === null) return count;
  into[count] = node.value;
  return count + 1;
}
