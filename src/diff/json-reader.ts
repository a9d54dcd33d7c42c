import { LIMITS } from '../core/limits.ts';

/**
 * A strict JSON reader (RFC 8259) that keeps what `JSON.parse` throws away: the text of numbers, repeated keys,
 * and where a document stops being JSON. Objects are maps, so no key has a meaning of its own (`__proto__`).
 *
 * `JSON.parse` with source texts in its reviver was the alternative. It cannot see repeated keys, builds the whole
 * document before a depth or a size can be refused, and its reviver runs once per value; so one pass of our own.
 */

/** A number as it was written. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The values of a key that stands more than once in one object, in their order. */
export class JsonRepeated {
  readonly values: JsonValue[];

  constructor(values: JsonValue[]) {
    this.values = values;
  }
}

export type JsonObject = Map<string, JsonValue>;
export type JsonValue = null | boolean | string | JsonNumber | JsonValue[] | JsonObject | JsonRepeated;

/** What became of reading one text. `at` is the index of the character where it ended early. */
export type JsonReading =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly problem: 'invalid' | 'limit'; readonly at: number };

/**
 * Reads one document; it never throws. Limits: `LIMITS.jsonDepth`, `LIMITS.jsonNodes`.
 * @param depth objects and lists that stand around it
 */
export function readJson(text: string, depth = 0): JsonReading {
  const reader = new Reader(text, depth);
  try {
    return { ok: true, value: reader.document() };
  } catch (thrown) {
    if (thrown instanceof Stop) return { ok: false, problem: thrown.problem, at: reader.at };
    throw thrown;
  }
}

/** Ends the reading from any depth; `readJson` turns it into a result. */
class Stop extends Error {
  readonly problem: 'invalid' | 'limit';

  constructor(problem: 'invalid' | 'limit') {
    super(problem);
    this.problem = problem;
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

class Reader {
  at = 0;
  private readonly text: string;
  private nodes = 0;
  private depth: number;

  constructor(text: string, depth: number) {
    this.text = text;
    this.depth = depth;
  }

  document(): JsonValue {
    const value = this.value();
    this.skipSpace();
    if (this.at < this.text.length) throw new Stop('invalid');
    return value;
  }

  private value(): JsonValue {
    this.nodes += 1;
    if (this.nodes > LIMITS.jsonNodes) throw new Stop('limit');
    this.skipSpace();
    const character = this.text[this.at];
    switch (character) {
      case '{':
        return this.nested(() => this.object());
      case '[':
        return this.nested(() => this.array());
      case '"':
        return this.string();
      case 't':
        return this.word('true', true);
      case 'f':
        return this.word('false', false);
      case 'n':
        return this.word('null', null);
      default:
        return this.number();
    }
  }

  private nested<T>(read: () => T): T {
    this.depth += 1;
    if (this.depth > LIMITS.jsonDepth) throw new Stop('limit');
    this.at += 1;
    const value = read();
    this.depth -= 1;
    return value;
  }

  private object(): JsonObject {
    const object: JsonObject = new Map();
    if (this.took('}')) return object;
    do {
      this.skipSpace();
      if (this.text[this.at] !== '"') throw new Stop('invalid');
      const key = this.string();
      if (!this.took(':')) throw new Stop('invalid');
      addMember(object, key, this.value());
    } while (this.took(','));
    if (!this.took('}')) throw new Stop('invalid');
    return object;
  }

  private array(): JsonValue[] {
    const array: JsonValue[] = [];
    if (this.took(']')) return array;
    do array.push(this.value());
    while (this.took(','));
    if (!this.took(']')) throw new Stop('invalid');
    return array;
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw new Stop('invalid');
    this.at += word.length;
    return value;
  }

  private number(): JsonNumber {
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.text);
    if (match === null) throw new Stop('invalid');
    this.at += match[0].length;
    return new JsonNumber(match[0]);
  }

  /** Finds the end of the string; only one with escapes is handed to the engine, which knows them all. */
  private string(): string {
    const start = this.at;
    let end = start + 1;
    let escaped = false;
    for (let code = this.text.charCodeAt(end); code !== 0x22; code = this.text.charCodeAt(end)) {
      this.at = end;
      // NaN, past the end, is refused here too.
      if (!(code >= 0x20)) throw new Stop('invalid');
      if (code === 0x5c) escaped = true;
      end += code === 0x5c ? 2 : 1;
    }
    this.at = end + 1;
    return escaped ? this.unescaped(start, end + 1) : this.text.slice(start + 1, end);
  }

  private unescaped(start: number, end: number): string {
    try {
      return JSON.parse(this.text.slice(start, end)) as string;
    } catch {
      this.at = start;
      throw new Stop('invalid');
    }
  }

  private took(character: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at += 1;
    }
  }
}

function addMember(object: JsonObject, key: string, value: JsonValue): void {
  const earlier = object.get(key);
  if (earlier === undefined) object.set(key, value);
  else if (earlier instanceof JsonRepeated) earlier.values.push(value);
  else object.set(key, new JsonRepeated([earlier, value]));
}
