/**
 * Whether a text is one well-formed document (XML 1.0, fifth edition, section 2.1). Declarations inside of `<!DOCTYPE`
 * are passed over, and a reference to any entity is taken for declared: it is the readers of markup that are to be kept
 * from making sense of what a parser refuses.
 */
export function isWellFormedXml(text: string): boolean {
  return !NO_CHARACTER.test(text) && new XmlForm(text).isDocument();
}

/** Section 2.2, but for surrogates, which decoded text has in pairs. */
// oxlint-disable-next-line no-control-regex -- these are the characters that may not be there
const NO_CHARACTER = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
/** Section 2.3; both halves of a pair are taken for a character of a name. */
const NAME_START =
  ':A-Z_a-z\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f' +
  '\\u2c00-\\u2fef\\u3001-\\udfff\\uf900-\\ufdcf\\ufdf0-\\ufffd';
const NAME = `[${NAME_START}][${NAME_START}.0-9\\xb7\\u0300-\\u036f\\u203f\\u2040-]*`;

const OPENED = new RegExp(`<(${NAME})`, 'y');
const CLOSED = new RegExp(`</(${NAME})[ \\t\\r\\n]*>`, 'y');
const ATTRIBUTE = new RegExp(
  `[ \\t\\r\\n]+(${NAME})[ \\t\\r\\n]*=[ \\t\\r\\n]*(?:"([^<"]*)"|'([^<']*)')`,
  'y',
);
const TAG_END = /[ \t\r\n]*(\/?)>/y;
const INSTRUCTION = new RegExp(`<\\?(${NAME})(?=[ \\t\\r\\n]|\\?>)`, 'y');
const DOCTYPE = new RegExp(`<!DOCTYPE[ \\t\\r\\n]+${NAME}`, 'y');
/** A piece of what stands in a document type, up to its end. */
const DECLARATION = /"[^"]*"|'[^']*'|<!--|[^"'<>[\]]+|[<>[\]]/y;
const SPACES = /^[ \t\r\n]*$/;
const REFERENCES = new RegExp(`&(?:#([0-9]{1,8})|#x([0-9A-Fa-f]{1,8})|${NAME});|&`, 'g');

class XmlForm {
  private readonly text: string;
  private readonly open: string[] = [];
  private at = 0;
  private roots = 0;
  private doctypes = 0;

  constructor(text: string) {
    this.text = text;
  }

  isDocument(): boolean {
    while (this.at < this.text.length) if (!this.passPiece()) return false;
    return this.roots === 1 && this.open.length === 0;
  }

  /** Passes one piece. @returns whether it may stand here */
  private passPiece(): boolean {
    const { text, at } = this;
    if (text[at] !== '<') return this.passText();
    if (text.startsWith('<!--', at)) return this.passComment();
    if (text.startsWith('<![CDATA[', at)) return this.open.length > 0 && this.passThrough(']]>') !== null;
    if (text[at + 1] === '!') return this.passDoctype();
    if (text[at + 1] === '?') return this.passInstruction();
    return text[at + 1] === '/' ? this.passEnd() : this.passStart();
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match !== null) this.at = pattern.lastIndex;
    return match;
  }

  /** Everything up to an end mark, and the mark. @returns what stands before it, or null without one */
  private passThrough(mark: string): string | null {
    const end = this.text.indexOf(mark, this.at);
    if (end === -1) return null;
    const passed = this.text.slice(this.at, end);
    this.at = end + mark.length;
    return passed;
  }

  private passText(): boolean {
    const end = this.text.indexOf('<', this.at);
    const piece = this.text.slice(this.at, end === -1 ? this.text.length : end);
    this.at += piece.length;
    if (this.open.length === 0) return SPACES.test(piece);
    return !piece.includes(']]>') && hasOnlyReferences(piece);
  }

  private passComment(): boolean {
    this.at += '<!--'.length;
    const said = this.passThrough('--');
    if (said === null || this.text[this.at] !== '>') return false;
    this.at += 1;
    return true;
  }

  /** `xml` is the declaration, which stands first or not at all. */
  private passInstruction(): boolean {
    const start = this.at;
    const target = this.match(INSTRUCTION)?.[1];
    if (target === undefined || (target.toLowerCase() === 'xml' && start !== 0)) return false;
    return this.passThrough('?>') !== null;
  }

  private passDoctype(): boolean {
    this.doctypes += 1;
    if (this.doctypes > 1 || this.roots > 0 || this.match(DOCTYPE) === null) return false;
    let inside = false;
    for (;;) {
      const piece = this.match(DECLARATION)?.[0];
      if (piece === undefined) return false;
      if (piece === '>' && !inside) return true;
      if (piece === '<!--' && this.passThrough('-->') === null) return false;
      if (piece === '[') inside = true;
      else if (piece === ']') inside = false;
    }
  }

  private passStart(): boolean {
    const name = this.match(OPENED)?.[1];
    if (name === undefined || !this.passAttributes()) return false;
    const end = this.match(TAG_END);
    if (end === null) return false;
    if (this.open.length === 0) this.roots += 1;
    if (end[1] === '') this.open.push(name);
    return this.roots === 1;
  }

  /** Each name once, each value in quotes, blanks before each. */
  private passAttributes(): boolean {
    const names = new Set<string>();
    for (let match = this.match(ATTRIBUTE); match !== null; match = this.match(ATTRIBUTE)) {
      const [, name = '', double, single] = match;
      if (names.has(name) || !hasOnlyReferences(double ?? single ?? '')) return false;
      names.add(name);
    }
    return true;
  }

  private passEnd(): boolean {
    const name = this.match(CLOSED)?.[1];
    return name !== undefined && this.open.pop() === name;
  }
}

/** Whether every `&` begins a reference, and those by number are of characters. */
function hasOnlyReferences(text: string): boolean {
  if (!text.includes('&')) return true;
  for (const [whole, decimal, hex] of text.matchAll(REFERENCES)) {
    if (whole === '&') return false;
    if (decimal === undefined && hex === undefined) continue;
    if (!isCharacter(decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal))) return false;
  }
  return true;
}

function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) && code !== 0xfffe && code !== 0xffff;
}
