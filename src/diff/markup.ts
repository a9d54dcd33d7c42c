/** One piece of a document: what stands where. */
export interface MarkupToken {
  /** Names of the elements around it, from the root: `html/body/p`; '' outside of all. */
  readonly place: string;
  readonly kind: 'open' | 'close' | 'text' | 'other';
  /** Name of the element, the text, or the declaration or comment as it stands. */
  readonly text: string;
  /** In the order of their names. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
}

/** Elements deeper than this are said to stand where their ancestor of this depth does. */
const MOST_DEPTH = 64;
/** What stands in a place for a name that a person or an attacker made up. */
const ANY = '*';
const PLAIN_NAME = /^[\p{L}_][\p{L}\p{N}_:.-]{0,63}$/u;
const NUMBERED = /\d{5}|[0-9a-f]{16}/i;
/** Elements that have no end (HTML, section 13.1.2). */
const VOID = new Set('area base br col embed hr img input link meta param source track wbr'.split(' '));
/** Elements whose content is no markup, and those whose white space is seen. */
const RAW = new Set(['script', 'style', 'textarea', 'title']);
/** Elements that stand on lines of their own or are not seen. Beside all others, made up ones too, a blank is seen. */
const APART = new Set(
  (
    'address area article aside base blockquote body br caption center col colgroup datalist dd details dialog dir div ' +
    'dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend ' +
    'li link main menu meta nav noframes noscript ol optgroup option p param pre script search section source style ' +
    'summary table tbody td template tfoot th thead title tr track ul'
  ).split(' '),
);
/** What is text in a drawing. */
const DRAWN_TEXT = new Set(['text', 'tspan', 'textpath', 'a']);
/** Where another language begins inside of HTML, and where HTML begins inside of that (HTML, section 13.2.6). */
const FOREIGN = new Set(['svg', 'math']);
const HTML_AGAIN = new Set(['foreignobject', 'desc', 'annotation-xml']);
const SPACED = new Set(['pre', 'textarea', 'script', 'style']);

const NAME = /[^\s/>]+/y;
const TAG_NAME = /<\/?([A-Za-z][^\s/>]*)/y;
/** Its first character may be an equals sign, as it is for browsers: nothing in a tag is passed over. */
const ATTRIBUTE = /[\s/]*([^\s>/][^\s=>/]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?/y;

/**
 * Takes HTML or XML apart, however it is laid out. White space is one blank where a reader sees one: inside of text, and
 * in HTML beside elements that stand in lines; in XML, where it holds no line break, which is indentation. The order and
 * the quotes of attributes, `<br/>` for `<br>` and references for plain characters say nothing either. Anything can be taken apart: what is no markup is text.
 * @param form names in HTML have no case, in XML they have; XML is well-formed
 * @returns null when there are more than `most` pieces
 */
export function readMarkup(text: string, form: 'html' | 'xml', most: number): MarkupToken[] | null {
  const tokens = new MarkupReader(text, form === 'html').read(most);
  return tokens.length > most ? null : tokens;
}

/** A name as a part of a place: bounded, printable, and the same for all that carry an id. */
export function placeName(name: string): string {
  return PLAIN_NAME.test(name) && !NUMBERED.test(name) ? name : ANY;
}

class MarkupReader {
  private readonly tokens: MarkupToken[] = [];
  private readonly open: string[] = [];
  private readonly text: string;
  private readonly html: boolean;
  private at = 0;
  /** `open` as it is written in tokens. */
  private place = '';

  constructor(text: string, html: boolean) {
    this.text = text;
    this.html = html;
  }

  read(most: number): MarkupToken[] {
    const { text } = this;
    while (this.at < text.length && this.tokens.length <= most) {
      const tag = text.indexOf('<', this.at);
      if (tag !== this.at) this.characters(tag === -1 ? text.length : tag);
      else if (text.startsWith('<!--', this.at)) this.until('-->', 'other');
      else if (text.startsWith('<![CDATA[', this.at) && this.isXml()) this.cdata();
      else if (text.startsWith('<!', this.at) || text.startsWith('<?', this.at)) this.until('>', 'other');
      else if (text[this.at + 1] === '/') this.closeTag();
      else if (!this.html || /[A-Za-z_:]/.test(text[this.at + 1] ?? '')) this.openTag();
      else this.characters(text.indexOf('<', this.at + 1));
    }
    return this.tokens;
  }

  private push(kind: MarkupToken['kind'], text: string, attributes: MarkupToken['attributes'] = []): void {
    this.tokens.push({ place: this.place, kind, text, attributes });
  }

  private enter(name: string): void {
    if (this.open.length === MOST_DEPTH) return;
    this.open.push(name);
    this.place += `${this.place === '' ? '' : '/'}${placeName(name)}`;
  }

  private leave(depth: number): void {
    this.open.length = depth;
    this.place = this.open.map(placeName).join('/');
  }

  private characters(end: number): void {
    const until = end === -1 ? this.text.length : end;
    this.addText(unescaped(this.text.slice(this.at, until)), until);
    this.at = until;
  }

  /** @param end where the text ends */
  private addText(raw: string, end: number): void {
    const spaced = this.html && this.open.some((name) => SPACED.has(name));
    const text = spaced ? raw : laidOut(raw, (space, side) => this.isSeen(space, side, end));
    if (text !== '') this.push('text', text);
  }

  /** Whether white space at an end of a text is a blank for whoever reads it. */
  private isSeen(space: string, side: 'before' | 'after', end: number): boolean {
    if (!this.html) return !/[\r\n]/.test(space);
    if (side === 'before') {
      const last = this.tokens.at(-1);
      return last?.kind === 'text' || (isTag(last) && this.isInLine(last.text));
    }
    TAG_NAME.lastIndex = end;
    const name = TAG_NAME.exec(this.text)?.[1];
    return name !== undefined && this.isInLine(name.toLowerCase());
  }

  /** Whether an element stands in a line of text, so that a blank beside it is seen. */
  private isInLine(name: string): boolean {
    return this.isXml() && !FOREIGN.has(name) ? DRAWN_TEXT.has(name) : !APART.has(name);
  }

  /** Whether elements end as they do in XML: there, and in drawings and formulas of a page. */
  private isXml(): boolean {
    if (!this.html) return true;
    const nearest = this.open.findLast((name) => FOREIGN.has(name) || HTML_AGAIN.has(name));
    return nearest !== undefined && FOREIGN.has(nearest);
  }

  private until(end: string, kind: 'other'): void {
    const found = this.text.indexOf(end, this.at);
    const stop = found === -1 ? this.text.length : found + end.length;
    const piece = this.text.slice(this.at, stop).replaceAll(/\s+/g, ' ');
    this.push(kind, /^<!doctype/i.test(piece) ? piece.toLowerCase() : piece);
    this.at = stop;
  }

  private cdata(): void {
    const start = this.at + '<![CDATA['.length;
    const found = this.text.indexOf(']]>', start);
    const end = found === -1 ? this.text.length : found;
    this.at = Math.min(end + 3, this.text.length);
    this.addText(this.text.slice(start, end), this.at);
  }

  private name(): string {
    NAME.lastIndex = this.at;
    const name = NAME.exec(this.text)?.[0] ?? '';
    this.at += name.length;
    return this.html ? name.toLowerCase() : name;
  }

  private closeTag(): void {
    this.at += 2;
    const name = this.name();
    const end = this.text.indexOf('>', this.at);
    this.at = end === -1 ? this.text.length : end + 1;
    const opened = this.open.lastIndexOf(name);
    if (opened !== -1) this.leave(opened);
    this.push('close', name);
  }

  private openTag(): void {
    this.at += 1;
    const name = this.name();
    const attributes = this.attributes();
    const selfClosed = this.text[this.at - 1] === '/';
    if (this.text[this.at] === '>') this.at += 1;
    this.push('open', name, attributes);
    const inXml = this.isXml();
    const isElementOfXml = inXml || FOREIGN.has(name);
    if (isElementOfXml && selfClosed) this.push('close', name);
    else if (isElementOfXml || !VOID.has(name)) this.enter(name);
    if (!inXml && RAW.has(name)) this.rawContent(name);
  }

  private attributes(): MarkupToken['attributes'] {
    const found: [string, string][] = [];
    for (;;) {
      ATTRIBUTE.lastIndex = this.at;
      const match = ATTRIBUTE.exec(this.text);
      if (match === null) break;
      this.at = ATTRIBUTE.lastIndex;
      const [, name = '', double, single, bare] = match;
      const value = double ?? single ?? bare ?? '';
      if (this.html) found.push([name.toLowerCase(), unescaped(value)]);
      // A line break that is written out is a blank there, and one by number is none (XML 1.0, section 3.3.3).
      else found.push([name, unescaped(value.replaceAll(/\r\n|[\t\r\n]/g, ' '))]);
    }
    const end = this.text.indexOf('>', this.at);
    this.at = end === -1 ? this.text.length : end;
    return found.toSorted(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
  }

  /** Up to the end tag of the same name, whatever stands in between. */
  private rawContent(name: string): void {
    const end = new RegExp(`</${name}`, 'gi');
    end.lastIndex = this.at;
    const found = end.exec(this.text)?.index ?? this.text.length;
    const content = this.text.slice(this.at, found);
    this.addText(name === 'title' || name === 'textarea' ? unescaped(content) : content, found);
    this.at = found;
  }
}

/** White space inside of a text is one blank, and at its ends one where it is seen, or none. */
function laidOut(text: string, isSeen: (space: string, side: 'before' | 'after') => boolean): string {
  if (!/\s/.test(text)) return text;
  const core = text.trim();
  if (core === '') return isSeen(text, 'before') && isSeen(text, 'after') ? ' ' : '';
  const before = text.slice(0, text.length - text.trimStart().length);
  const after = text.slice(before.length + core.length);
  const kept = (space: string, side: 'before' | 'after'): string =>
    space !== '' && isSeen(space, side) ? ' ' : '';
  return kept(before, 'before') + core.replaceAll(/\s+/g, ' ') + kept(after, 'after');
}

/** A tag that opens or closes an element. */
function isTag(token: MarkupToken | undefined): token is MarkupToken {
  return token?.kind === 'open' || token?.kind === 'close';
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);
const REFERENCE = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));/g;

/** References that both languages have; others stay as they are written. */
function unescaped(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(REFERENCE, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED.get(name) ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return code > 0x10ffff ? whole : String.fromCodePoint(code);
  });
}
