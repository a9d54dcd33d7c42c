// HOT: lookups in trees; no allocation but for segments of templates.
import { isEverything } from '../../core/route-order.ts';
import type { RouteMatch } from '../../core/snapshot.ts';
import type { Asked } from './conditions.ts';
import { patternTest } from './pattern.ts';
import type { PatternTest } from './pattern.ts';
import { PrefixTree } from './prefix-tree.ts';
import { plainly } from './readings.ts';
import { TemplateTree } from './template-tree.ts';

/** What is looked for: something with a match. */
export interface Matched {
  readonly config: { readonly match: RouteMatch };
}

interface Pattern<T> {
  readonly test: PatternTest;
  readonly route: T;
}

/** The routes of one host by their paths. */
export class PathIndex<T extends Matched> {
  private readonly exact = new Map<string, T[]>();
  private readonly templates = new TemplateTree<T[]>();
  private readonly prefixes = new PrefixTree<T[]>();
  private readonly patterns: Pattern<T>[] = [];
  private readonly everything: T[] = [];
  private hasTemplates = false;
  private readonly stack: T[][] = [];

  /** Routes come in order: of two with one path the first is asked first. @throws Error for a pattern that is none */
  add(route: T): void {
    const { match } = route.config;
    if (isEverything(match)) this.everything.push(route);
    else if (match.pathKind === 'regex') this.patterns.push({ test: patternTest(match.path), route });
    else this.listOf(match).push(route);
  }

  private listOf({ pathKind, path }: RouteMatch): T[] {
    const plain = plainly(path);
    if (pathKind === 'template') {
      this.hasTemplates = true;
      return this.templates.at(plain, () => []);
    }
    if (pathKind !== 'exact') return this.prefixes.at(plain, () => []);
    const list = this.exact.get(plain) ?? [];
    this.exact.set(plain, list);
    return list;
  }

  /** The first route, in order, whose path and conditions are met. @param path as it is read */
  find(path: string, asked: Asked): T | null {
    const exact = this.exact.size === 0 ? undefined : this.exact.get(path);
    return (
      (exact === undefined ? null : first(exact, asked)) ??
      this.byTemplate(path, asked) ??
      this.byPrefix(path, asked) ??
      this.byPattern(path, asked) ??
      first(this.everything, asked)
    );
  }

  private byTemplate(path: string, asked: Asked): T | null {
    if (!this.hasTemplates) return null;
    const count = this.templates.collect(path, this.stack);
    for (let index = 0; index < count; index += 1) {
      const found = first(this.stack[index] as T[], asked);
      if (found !== null) return found;
    }
    return null;
  }

  private byPrefix(path: string, asked: Asked): T | null {
    for (let index = this.prefixes.collect(path, this.stack) - 1; index >= 0; index -= 1) {
      const found = first(this.stack[index] as T[], asked);
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
