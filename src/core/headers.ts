// HOT: header fields of one message as a flat list; a walk costs no allocation.

/**
 * Header fields of one message: names as they were received, in their order, repeated names kept apart
 * (RFC 9110, section 5.3 lets a recipient join them; `Set-Cookie` must never be joined, so nobody does).
 * Lookups take the name in lower case.
 */
export class HeaderFields {
  /** name, value, name, value, … */
  private readonly list: string[];

  /** @param list name, value, name, value, …; the instance owns it from now on */
  constructor(list: string[] = []) {
    this.list = list;
  }

  /** Number of fields, repeated names counted each time. */
  get size(): number {
    return this.list.length / 2;
  }

  /** The first value of a field, or undefined. */
  get(lowerName: string): string | undefined {
    const { list } = this;
    for (let index = 0; index < list.length; index += 2) {
      if (sameName(list[index] as string, lowerName)) return list[index + 1];
    }
    return undefined;
  }

  /** Every value of a field, in order. */
  all(lowerName: string): string[] {
    const values: string[] = [];
    const { list } = this;
    for (let index = 0; index < list.length; index += 2) {
      if (sameName(list[index] as string, lowerName)) values.push(list[index + 1] as string);
    }
    return values;
  }

  /** Whether a field is present at all. */
  has(lowerName: string): boolean {
    return this.get(lowerName) !== undefined;
  }

  /** Adds a field at the end and keeps those of the same name. */
  append(name: string, value: string): void {
    this.list.push(name, value);
  }

  /** Removes every field of this name and adds one. */
  set(name: string, value: string): void {
    this.remove(name.toLowerCase());
    this.list.push(name, value);
  }

  /** Removes every field of this name. */
  remove(lowerName: string): void {
    this.drop(lowerName, false);
  }

  /** Removes every field whose name begins with this. */
  removeAll(lowerPrefix: string): void {
    this.drop(lowerPrefix, true);
  }

  private drop(lower: string, isPrefix: boolean): void {
    const { list } = this;
    let kept = 0;
    for (let index = 0; index < list.length; index += 2) {
      const name = list[index] as string;
      if (isPrefix ? hasPrefix(name, lower) : sameName(name, lower)) continue;
      list[kept] = name;
      list[kept + 1] = list[index + 1] as string;
      kept += 2;
    }
    list.length = kept;
  }

  /** The flat list itself: name, value, name, value, … Read it, do not change it. */
  flat(): readonly string[] {
    return this.list;
  }

  /** An independent copy. */
  copy(): HeaderFields {
    return new HeaderFields(this.list.slice());
  }
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
