// HOT: received fields stay where they are in their head's text; a lookup walks numbers and allocates nothing.

const LENGTH_BITS = 15;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;
const NONE: string[] = [];

/** Where a piece of a head's text begins, and how long it is, in one small integer: both are below 32,768. */
export function spanOf(start: number, end: number): number {
  return (start << LENGTH_BITS) | (end - start);
}

/** Beginnings of names in lower case; those with the same first letter have the same second one. */
export class Prefixes {
  readonly prefixes: readonly string[];
  /** The second letter, by the first. */
  readonly letters = new Uint8Array(128);

  constructor(...prefixes: string[]) {
    this.prefixes = prefixes;
    for (const prefix of prefixes) this.letters[prefix.charCodeAt(0)] = prefix.charCodeAt(1);
  }
}

/**
 * Header fields of one message: names as they were received, in their order, repeated names kept apart
 * (RFC 9110, section 5.3 lets a recipient join them; `Set-Cookie` must never be joined, so nobody does).
 * Lookups take the name in lower case. Fields that were received come before those that were added.
 */
export class HeaderFields {
  /** Text of the received head, and two spans of it for each field that is still there: name, value. */
  private text = '';
  private spans: readonly number[] = [];
  /** Fields added here: name, value, name, value, … */
  private own: string[];
  private ownShared = false;
  private ownChecked = true;

  /** @param list name, value, name, value, …; the instance owns it from now on */
  constructor(list: string[] = NONE) {
    this.own = list;
    if (list === NONE) this.ownShared = true;
    else this.ownChecked = false;
  }

  /**
   * The fields of a head that was checked byte by byte.
   * @param text latin1 text of the whole head
   * @param spans of name and value of each field, by {@link spanOf}; the instance owns it from now on
   */
  static received(text: string, spans: readonly number[]): HeaderFields {
    const fields = new HeaderFields();
    fields.text = text;
    fields.spans = spans;
    return fields;
  }

  /** Number of fields, repeated names counted each time. */
  get size(): number {
    return (this.spans.length + this.own.length) / 2;
  }

  /** The first value of a field, or undefined. */
  get(lowerName: string): string | undefined {
    const { spans, own } = this;
    for (let index = 0; index < spans.length; index += 2) {
      if (this.isNamed(spans[index] as number, lowerName)) return this.piece(spans[index + 1] as number);
    }
    for (let index = 0; index < own.length; index += 2) {
      if (sameName(own[index] as string, lowerName)) return own[index + 1];
    }
    return undefined;
  }

  /** Every value of a field, in order. */
  all(lowerName: string): string[] {
    const values: string[] = [];
    const list = this.has(lowerName) ? this.flat() : NONE;
    for (let index = 0; index < list.length; index += 2) {
      if (sameName(list[index] as string, lowerName)) values.push(list[index + 1] as string);
    }
    return values;
  }

  /** Whether a field is present at all. */
  has(lowerName: string): boolean {
    const { spans, own } = this;
    for (let index = 0; index < spans.length; index += 2) {
      if (this.isNamed(spans[index] as number, lowerName)) return true;
    }
    for (let index = 0; index < own.length; index += 2) {
      if (sameName(own[index] as string, lowerName)) return true;
    }
    return false;
  }

  /** Adds a field at the end and keeps those of the same name. */
  append(name: string, value: string): void {
    this.ownChecked = false;
    this.add(name, value);
  }

  /** Removes every field of this name and adds one. */
  set(name: string, value: string): void {
    this.remove(name.toLowerCase());
    this.append(name, value);
  }

  /**
   * The same for a value made of parts that were checked where they came from: it is not checked again when it is
   * written.
   * @param lowerName the name in lower case
   */
  setChecked(name: string, lowerName: string, value: string): void {
    this.remove(lowerName);
    this.add(name, value);
  }

  /** Adds a field as {@link setChecked} does, and keeps those of the same name. */
  appendChecked(name: string, value: string): void {
    this.add(name, value);
  }

  private add(name: string, value: string): void {
    if (this.ownShared) {
      this.own = this.own.slice();
      this.ownShared = false;
    }
    this.own.push(name, value);
  }

  /** Removes every field of this name. */
  remove(lowerName: string): void {
    const { spans, own } = this;
    for (let index = 0; index < spans.length; index += 2) {
      if (this.isNamed(spans[index] as number, lowerName)) {
        this.spans = spans.filter((_, at) => !this.isNamed(spans[at & ~1] as number, lowerName));
        break;
      }
    }
    for (let index = 0; index < own.length; index += 2) {
      if (sameName(own[index] as string, lowerName)) return this.dropOwn((name) => sameName(name, lowerName));
    }
  }

  /** Removes every field whose name begins with this. @returns whether there was one */
  removeAll(lowerPrefix: string): boolean {
    const { spans, own } = this;
    let removed = false;
    for (let index = 0; index < spans.length; index += 2) {
      if (this.begins(spans[index] as number, lowerPrefix)) {
        this.spans = spans.filter((_, at) => !this.begins(spans[at & ~1] as number, lowerPrefix));
        removed = true;
        break;
      }
    }
    for (let index = 0; index < own.length; index += 2) {
      if (hasPrefix(own[index] as string, lowerPrefix)) {
        this.dropOwn((name) => hasPrefix(name, lowerPrefix));
        return true;
      }
    }
    return removed;
  }

  /** The same for several beginnings: where none is there, which is nearly always, one look at two letters of each name. */
  removeAllOf({ prefixes, letters }: Prefixes): void {
    const { text, spans, own } = this;
    let isThere = own.length > 0;
    for (let index = 0; index < spans.length && !isThere; index += 2) {
      const start = (spans[index] as number) >> LENGTH_BITS;
      const seconds = letters[(text.charCodeAt(start) | 32) & 127] as number;
      if (seconds !== 0 && (text.charCodeAt(start + 1) | 32) === seconds) isThere = true;
    }
    if (isThere) for (const prefix of prefixes) this.removeAll(prefix);
  }

  private dropOwn(isGone: (name: string) => boolean): void {
    const { own } = this;
    this.own = own.filter((_, index) => !isGone(own[index & ~1] as string));
    this.ownShared = false;
  }

  /** Every field: name, value, name, value, … */
  flat(): readonly string[] {
    const { spans, own } = this;
    if (spans.length === 0) return own;
    const list: string[] = [];
    for (const span of spans) list.push(this.piece(span));
    for (const item of own) list.push(item);
    return list;
  }

  /**
   * The received fields that are still there, as lines `name: value CRLF`. Lines that were received like that and
   * stand together are one slice of the head's text.
   */
  receivedLines(): string {
    const { text, spans } = this;
    let lines = '';
    let from = 0;
    let to = 0;
    for (let index = 0; index < spans.length; index += 2) {
      const name = spans[index] as number;
      const value = spans[index + 1] as number;
      const start = name >> LENGTH_BITS;
      const valueStart = value >> LENGTH_BITS;
      const end = valueStart + (value & LENGTH_MASK);
      const isPlain =
        valueStart === start + (name & LENGTH_MASK) + 2 &&
        text.charCodeAt(valueStart - 1) === 32 &&
        text.charCodeAt(end) === 13;
      if (isPlain && start === to) {
        to = end + 2;
        continue;
      }
      lines += text.slice(from, to);
      from = start;
      to = isPlain ? end + 2 : start;
      if (!isPlain) lines += `${this.piece(name)}: ${this.piece(value)}\r\n`;
    }
    return lines + text.slice(from, to);
  }

  /** The fields that were added: name, value, … Read it, do not change it. */
  added(): readonly string[] {
    return this.own;
  }

  /** Whether everything that was added is known to be fit for the wire. */
  get isChecked(): boolean {
    return this.ownChecked;
  }

  /** An independent copy. */
  copy(): HeaderFields {
    const copy = new HeaderFields(this.own);
    copy.text = this.text;
    copy.spans = this.spans;
    copy.ownShared = true;
    copy.ownChecked = this.ownChecked;
    this.ownShared = true;
    return copy;
  }

  private piece(span: number): string {
    const start = span >> LENGTH_BITS;
    return this.text.slice(start, start + (span & LENGTH_MASK));
  }

  private isNamed(span: number, lowerName: string): boolean {
    return (span & LENGTH_MASK) === lowerName.length && this.begins(span, lowerName);
  }

  private begins(span: number, lower: string): boolean {
    return (span & LENGTH_MASK) >= lower.length && standsAt(this.text, span >> LENGTH_BITS, lower);
  }
}

/** Whether `lower`, in lower case, stands in `text` from `start` on, in any case; the text is long enough. */
export function standsAt(text: string, start: number, lower: string): boolean {
  for (let index = 0; index < lower.length; index += 1) {
    const code = text.charCodeAt(start + index);
    if (code === lower.charCodeAt(index)) continue;
    if (code < 65 || code > 90 || (code | 32) !== lower.charCodeAt(index)) return false;
  }
  return true;
}

function hasPrefix(name: string, lowerPrefix: string): boolean {
  // The first letter decides for nearly every field.
  if ((name.charCodeAt(0) | 32) !== lowerPrefix.charCodeAt(0) || name.length < lowerPrefix.length)
    return false;
  return name.slice(0, lowerPrefix.length).toLowerCase() === lowerPrefix;
}

function sameName(name: string, lowerName: string): boolean {
  return name.length === lowerName.length && (name === lowerName || name.toLowerCase() === lowerName);
}
