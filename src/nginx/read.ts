import { globSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { Problem } from '../config/problem.ts';
import { messageOf } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { parseNginx } from './tree.ts';
import type { Directive } from './tree.ts';

/** A whole configuration, its includes put in their places. */
export interface NginxFile {
  readonly directives: readonly Directive[];
  readonly problems: readonly Problem[];
  /** The lines of every file that was read, by its name. */
  readonly lines: ReadonlyMap<string, readonly string[]>;
}

/** Reads `nginx.conf` with everything it includes; relative paths start at its folder, as NGINX's do at its own. */
export function readNginx(file: string): NginxFile {
  const reader = new Reader(dirname(file));
  const directives = reader.read(file, 0);
  return { directives, problems: reader.problems, lines: reader.lines };
}

class Reader {
  readonly problems: Problem[] = [];
  readonly lines = new Map<string, readonly string[]>();
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  read(file: string, depth: number): Directive[] {
    if (this.lines.size >= LIMITS.nginxFiles || depth > LIMITS.nginxDepth) {
      this.add('error', file, { line: 0, column: 0 }, 'too many files include each other');
      return [];
    }
    try {
      if (statSync(file).size > LIMITS.configBytes) throw new Error('it is larger than a configuration is');
      return this.parse(file, readFileSync(file, 'utf8'), depth);
    } catch (error) {
      this.add('error', file, { line: 0, column: 0 }, `the file cannot be read: ${messageOf(error)}`);
      return [];
    }
  }

  private parse(file: string, text: string, depth: number): Directive[] {
    this.lines.set(file, text.split('\n'));
    const { directives, fault } = parseNginx(file, text);
    if (fault !== null) this.add('error', file, fault, fault.message);
    return this.included(directives, depth);
  }

  private included(directives: readonly Directive[], depth: number): Directive[] {
    return directives.flatMap((directive) => {
      if (directive.name === 'include') return this.include(directive, depth);
      const { block } = directive;
      return [block === null ? directive : { ...directive, block: this.included(block, depth) }];
    });
  }

  private include(directive: Directive, depth: number): Directive[] {
    const [pattern = ''] = directive.args;
    const path = isAbsolute(pattern) ? pattern : join(this.folder, pattern);
    const isGlob = /[*?[]/.test(path);
    const files = isGlob ? globSync(path).toSorted() : [path];
    if (!isGlob && statSync(path, { throwIfNoEntry: false }) === undefined) {
      this.add('warning', directive.file, directive, `${path} is not here: what it holds was not looked at`);
      return [];
    }
    return files.flatMap((file) => this.read(file, depth + 1));
  }

  private add(
    severity: Problem['severity'],
    file: string,
    { line, column }: { readonly line: number; readonly column: number },
    message: string,
  ): void {
    this.problems.push({ severity, file, line, column, path: '', message, hint: null, excerpt: null });
  }
}
