/** One piece of an NGINX configuration. */
export interface Token {
  readonly kind: 'word' | ';' | '{' | '}';
  /** Of a word: its text, quotes and escapes undone. */
  readonly text: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

/** A place where the text stops being a configuration. */
export interface TokenFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

const SPACE = /\s/;

/** Takes the text of an NGINX configuration apart, as `ngx_conf_read_token` does. */
export class Tokenizer {
  private readonly text: string;
  private at = 0;
  private line = 1;
  private lineStart = 0;
  fault: TokenFault | null = null;

  constructor(text: string) {
    this.text = text;
  }

  /** The next token; null at the end, and at a fault. */
  next(): Token | null {
    this.skipBlank();
    const char = this.text[this.at];
    if (char === undefined) return null;
    const place = this.place();
    if (char === ';' || char === '{' || char === '}') {
      this.advance();
      return { kind: char, text: '', ...place };
    }
    const text = char === '"' || char === "'" ? this.quoted(char) : this.word();
    if (text !== null) return { kind: 'word', text, ...place };
    this.fault = { ...place, message: 'a quote that is never closed' };
    return null;
  }

  /** Passes over everything up to the brace that closes the block which has just begun: code of another language. */
  skipBlock(): void {
    for (let depth = 1; depth > 0 && this.at < this.text.length; this.advance()) {
      if (this.text[this.at] === '{') depth += 1;
      else if (this.text[this.at] === '}') depth -= 1;
    }
  }

  private place(): { readonly line: number; readonly column: number } {
    return { line: this.line, column: this.at - this.lineStart + 1 };
  }

  private advance(): void {
    if (this.text[this.at] === '\n') {
      this.line += 1;
      this.lineStart = this.at + 1;
    }
    this.at += 1;
  }

  private skipBlank(): void {
    for (let char = this.text[this.at]; char !== undefined; char = this.text[this.at]) {
      if (char === '#') while (this.at < this.text.length && this.text[this.at] !== '\n') this.at += 1;
      else if (SPACE.test(char)) this.advance();
      else return;
    }
  }

  private quoted(quote: string): string | null {
    this.advance();
    let text = '';
    for (let char = this.text[this.at]; char !== undefined; char = this.text[this.at]) {
      this.advance();
      if (char === quote) return text;
      text += char === '\\' ? this.escaped(quote) : char;
    }
    return null;
  }

  /** After a backslash: the quote and the backslash lose it, the rest (of a regular expression, say) keeps it. */
  private escaped(quote: string): string {
    const char = this.text[this.at] ?? '';
    if (char !== quote && char !== '\\') return '\\';
    this.advance();
    return char;
  }

  private word(): string {
    const start = this.at;
    for (let char = this.text[this.at]; char !== undefined; char = this.text[this.at]) {
      const isVariable = char === '{' && this.text[this.at - 1] === '$';
      if (SPACE.test(char) || char === ';' || (char === '{' && !isVariable)) break;
      if (char === '\\') this.advance();
      if (isVariable) this.passVariable();
      else this.advance();
    }
    return this.text.slice(start, Math.min(this.at, this.text.length));
  }

  private passVariable(): void {
    const end = /[};\s]/.exec(this.text.slice(this.at, this.at + 256));
    const length = end?.[0] === '}' ? end.index + 1 : 1;
    for (let count = 0; count < length; count += 1) this.advance();
  }
}
