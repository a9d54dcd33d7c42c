import { LIMITS } from '../core/limits.ts';
import { Tokenizer } from './tokenizer.ts';
import type { Token, TokenFault } from './tokenizer.ts';

/** One directive with its place. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What stands between its braces; null where it has none. */
  readonly block: Directive[] | null;
}

/** What a text holds: everything up to its first fault. */
export interface Parsed {
  readonly directives: Directive[];
  readonly fault: TokenFault | null;
}

/** Code of other languages between braces (OpenResty). */
const CODE_BLOCK = /_by_lua_block$/;

/**
 * Reads the text of an NGINX configuration.
 * @param file as it is shown
 */
export function parseNginx(file: string, text: string): Parsed {
  return new Parser(file, text).parse();
}

class Parser {
  private readonly file: string;
  private readonly tokens: Tokenizer;
  private fault: TokenFault | null = null;

  constructor(file: string, text: string) {
    this.file = file;
    this.tokens = new Tokenizer(text);
  }

  parse(): Parsed {
    const directives = this.block(0);
    return { directives, fault: this.tokens.fault ?? this.fault };
  }

  private block(depth: number): Directive[] {
    const directives: Directive[] = [];
    let words: Token[] = [];
    for (let token = this.tokens.next(); token !== null; token = this.tokens.next()) {
      if (token.kind === 'word') {
        words.push(token);
        continue;
      }
      if (token.kind === '}' && words.length === 0 && depth > 0) return directives;
      const directive = this.directive(token, words, depth);
      if (directive === null) return directives;
      directives.push(directive);
      words = [];
    }
    const [last] = words;
    if (last !== undefined) this.fail(last, 'a directive that is never ended: a ; is missing');
    else if (depth > 0)
      this.fault ??= { line: 0, column: 0, message: 'a block that is never closed: a } is missing' };
    return directives;
  }

  private directive(end: Token, words: readonly Token[], depth: number): Directive | null {
    const [name, ...args] = words;
    if (end.kind === '}') return this.fail(end, 'an unexpected }');
    if (name === undefined) return this.fail(end, `an unexpected ${end.kind}`);
    if (depth >= LIMITS.nginxDepth) return this.fail(end, 'blocks are nested too deep');
    const { line, column, text } = name;
    const block = end.kind === '{' ? this.inner(text, depth) : null;
    return { name: text, args: args.map((arg) => arg.text), file: this.file, line, column, block };
  }

  private inner(name: string, depth: number): Directive[] {
    if (!CODE_BLOCK.test(name)) return this.block(depth + 1);
    this.tokens.skipBlock();
    return [];
  }

  private fail({ line, column }: Token, message: string): null {
    this.fault ??= { line, column, message };
    return null;
  }
}
