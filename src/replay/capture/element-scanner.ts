/** One element of the list, or why it was not kept. */
export interface Element {
  /** Its JSON text; empty when it was too long. */
  readonly bytes: Buffer;
  readonly offset: number;
  readonly tooLong: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN = new Set([0x7b, 0x5b]);
const CLOSE = new Set([0x7d, 0x5d]);
const ARRAY = 0x5b;
/** `{ "log": { "entries": [ …` */
const LIST_DEPTH = 3;
const KEY_BYTES = 16;

/**
 * Finds the objects of `log.entries` in the text of a HAR file while it arrives: brackets and strings are followed,
 * nothing is parsed. An element over the limit is dropped, and the next one is found all the same.
 */
export class ElementScanner {
  private readonly maxBytes: number;
  private depth = 0;
  private inString = false;
  private escaped = false;
  /** The last string, by its first bytes, and the keys of the two outer levels. */
  private text: number[] = [];
  private readonly keys: string[] = ['', '', ''];
  private inList = false;
  /** Whether `log.entries` was found at all, and whether it ended. */
  found = false;
  finished = false;
  private seen = 0;
  private parts: Buffer[] = [];
  private bytes = 0;
  private offset = 0;
  private inElement = false;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  push(chunk: Buffer): Element[] {
    const elements: Element[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] as number;
      if (this.inString) this.inText(byte);
      else if (byte === QUOTE) this.beginText();
      else if (byte === COLON && this.depth < LIST_DEPTH) this.keys[this.depth] = this.key();
      else if (OPEN.has(byte)) {
        if (this.open(byte)) from = this.beginElement(at);
      } else if (CLOSE.has(byte) && this.close()) {
        this.keep(chunk.subarray(from, at + 1));
        elements.push(this.take());
      }
    }
    if (this.inElement) this.keep(chunk.subarray(from));
    this.seen += chunk.length;
    return elements;
  }

  private inText(byte: number): void {
    if (this.escaped) this.escaped = false;
    else if (byte === BACKSLASH) this.escaped = true;
    else if (byte === QUOTE) this.inString = false;
    if (this.inString && this.depth < LIST_DEPTH && this.text.length < KEY_BYTES) this.text.push(byte);
  }

  private beginText(): void {
    this.inString = true;
    if (this.depth < LIST_DEPTH) this.text = [];
  }

  private key(): string {
    return String.fromCharCode(...this.text);
  }

  /** @returns whether an element begins */
  private open(byte: number): boolean {
    this.depth += 1;
    if (this.inList) return this.depth === LIST_DEPTH + 1;
    const isList = this.keys[1] === 'log' && this.keys[2] === 'entries';
    this.inList = byte === ARRAY && this.depth === LIST_DEPTH && isList && !this.found;
    if (this.inList) this.found = true;
    return false;
  }

  /** @returns whether an element ends */
  private close(): boolean {
    this.depth = Math.max(0, this.depth - 1);
    if (!this.inList) return false;
    if (this.depth < LIST_DEPTH) {
      this.inList = false;
      this.finished = true;
    }
    return this.depth === LIST_DEPTH && this.inElement;
  }

  private beginElement(at: number): number {
    this.inElement = true;
    this.offset = this.seen + at;
    return at;
  }

  private keep(part: Buffer): void {
    this.bytes += part.length;
    if (this.bytes <= this.maxBytes) this.parts.push(part);
    else this.parts = [];
  }

  private take(): Element {
    const tooLong = this.bytes > this.maxBytes;
    const element = { bytes: Buffer.concat(this.parts), offset: this.offset, tooLong };
    this.parts = [];
    this.bytes = 0;
    this.inElement = false;
    return element;
  }
}
