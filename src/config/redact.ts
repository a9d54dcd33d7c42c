/**
 * Secrets are never printed: not in an excerpt of the file, not in JSON, not in the input of a hash.
 * Masks keep the length of a line, so that a caret under it still points at the right place.
 */

/**
 * Keys whose value is a secret wherever they stand, known to the schema or not; a value without quotes is hidden
 * to the end of its line. A bare `${NAME}` is no secret, a default inside it may be.
 */
const SECRET_KEY =
  /((?:secret|password|passwd|token|api[-_]?key|private[-_]?key|authorization|credential)[\w-]*["']?\s*:\s*)("(?:[^"\\]|\\.)*"|'[^']*'|(?!\$\{\w+\}\s*$)[^\s{[].*)/gi;
const USER_INFO = /(\/\/)([^/@\s]+)(?=@)/g;
/** The path of a receiver's URL may be all that keeps others out. */
const HOOK_PATH = /(\burl["']?\s*:\s*["']?https?:\/\/[^\s/"']*\/)([^\s"',}]+)/gi;
const WORD = /[A-Za-z0-9+/_=-]{20,}/g;

/** What stands for a secret in redacted data. */
const MASK = '***';

/** A source line without its secrets; control characters are replaced, tabs become one space. */
export function maskLine(line: string): string {
  return plainLine(line)
    .replace(SECRET_KEY, (_, key: string, value: string) => key + stars(value))
    .replace(USER_INFO, (_, slashes: string, user: string) => slashes + stars(user))
    .replace(HOOK_PATH, (_, host: string, path: string) => host + stars(path))
    .replace(WORD, (word) => (looksSecret(word) ? stars(word) : word));
}

/** Whether some line of a file holds what looks like a secret; a commit may name a version. */
export function holdsSecret(text: string): boolean {
  return text.split('\n').some((line) => {
    const plain = /^\s*version:/.test(line) ? line.replace(WORD, '') : line;
    return maskLine(plain) !== plainLine(plain);
  });
}

function plainLine(line: string): string {
  return line.replace(/\t/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}

/**
 * True for text that looks drawn at random: at least 20 characters, letters and digits mixed, many different
 * ones. Names of hosts and files have words in them and stay below.
 */
export function looksSecret(text: string): boolean {
  if (text.length < 20 || !/\d/.test(text) || !/[A-Za-z]/.test(text) || /[/.:\s]/.test(text)) return false;
  return bitsPerCharacter(text) >= 3.5;
}

/** Shannon entropy of the characters of a text. */
function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/**
 * A copy of plain data with `***` at the given places.
 * @param places key paths from the root, as {@link import('./compile.ts').CompiledConfig.secrets} lists them
 */
export function redact<T>(data: T, places: readonly (readonly (string | number)[])[]): T {
  const holder = { data };
  const copied = new Set<unknown>([holder]);
  for (const place of places) maskAt(holder, ['data', ...place], copied);
  return holder.data;
}

/** Copies what lies on the way, once for all places: the rest is shared with what was given. */
function maskAt(root: unknown, place: readonly (string | number)[], copied: Set<unknown>): void {
  let holder = root as Record<string | number, unknown>;
  for (const part of place.slice(0, -1)) {
    const given = holder[part];
    if (!copied.has(given)) {
      holder[part] = Array.isArray(given) ? [...(given as unknown[])] : { ...(given as object) };
      copied.add(holder[part]);
    }
    holder = holder[part] as Record<string | number, unknown>;
  }
  const last = place.at(-1);
  if (last !== undefined) holder[last] = MASK;
}

function stars(text: string): string {
  return '*'.repeat(text.length);
}
