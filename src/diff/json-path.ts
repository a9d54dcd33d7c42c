import { LIMITS } from '../core/limits.ts';
import type { JsonObject } from './json-reader.ts';
import { isSensitiveName } from './secret-names.ts';
import { findSecrets } from './secrets.ts';

/** What stands for every index of a list and for every key that is an id. */
const ANY = '*';

/** A key that says which thing, not what kind of thing: digits first, a UUID, a long hex or decimal number. */
const ID = /^\d|[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{16}|\d{5}|[^\p{L}\p{N}_\-.$:@/ ~]/iu;
/** Longest key that is taken for a field name. */
const FIELD_CHARS = 64;

/** Whether an object is a table of many things by their ids: none of its keys is then part of a path. */
export function isTable(legacy: JsonObject, candidate: JsonObject): boolean {
  return legacy.size > LIMITS.jsonTableKeys || candidate.size > LIMITS.jsonTableKeys;
}

/** One key as a reference token of a JSON Pointer (RFC 6901, section 3); ids and what looks like a secret fold to `*`. */
function token(key: string): string {
  if (key.length > FIELD_CHARS || ID.test(key) || findSecrets(key).length > 0) return ANY;
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** What a key means on a path. */
interface KeyMeaning {
  readonly token: string;
  readonly sensitive: boolean;
}

/** What was made of keys: the same ones come again with every document of an endpoint. */
const meanings = new Map<string, KeyMeaning>();
const MEANINGS = 2_000;

/** What a key means, remembered while there is room; ids never come again, so that they push nothing out. */
function meaningOf(key: string): KeyMeaning {
  let meaning = meanings.get(key);
  if (meaning === undefined) {
    meaning = { token: token(key), sensitive: isSensitiveName(key) };
    if (meanings.size < MEANINGS && meaning.token !== ANY) meanings.set(key, meaning);
  }
  return meaning;
}

/** The way from the document to the values being compared; it reads keys only when somebody asks. */
export class JsonPath {
  /** null stands for any index or id. */
  private readonly keys: (string | null)[] = [];

  push(key: string | null): void {
    this.keys.push(key);
  }

  pop(): void {
    this.keys.pop();
  }

  /** As a JSON Pointer; '' is the whole document. At most `LIMITS.exampleChars` characters. */
  pointer(): string {
    let path = '';
    for (const key of this.keys) path += `/${key === null ? ANY : meaningOf(key).token}`;
    return path.slice(0, LIMITS.exampleChars).toWellFormed();
  }

  /** Whether a key on the way names something secret. */
  isSensitive(): boolean {
    return this.keys.some((key) => key !== null && meaningOf(key).sensitive);
  }
}
