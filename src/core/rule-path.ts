/**
 * Paths of rules. The first part says where: `status`, `headers` or `body`; `**` stands for all of them. Then come the
 * parts of the path: `headers/x-build`, `headers/set-cookie/sid/expires`, `body/items/*\/price`, `status/200-404`.
 * `*` is one part, or any characters inside one; `**` is any number of parts. A `/` inside a key is written `~1`, a `~`
 * is written `~0` (RFC 6901). Elements of lists and keys that are ids match `*`.
 */

/** One part of a path: any number of parts, or a test of one. */
export type PathPart = '**' | PartTest;

/** What one key must be. */
export interface PartTest {
  /** The whole key, where there is no `*` in it. */
  readonly exact: string | null;
  /** Texts that must follow each other, the first at the start and the last at the end; `*` stood between them. */
  readonly pieces: readonly string[];
}

/** A path taken apart, or why it can match nothing. */
export type RulePath =
  | { readonly ok: true; readonly parts: readonly PathPart[] }
  | { readonly ok: false; readonly message: string; readonly hint: string };

/** Where a path may begin. */
const PLACES = ['status', 'headers', 'body'] as const;

/** More parts than any document within its limit of depth has. */
const MOST_PARTS = 64;
/** How the status of a lane that gave no answer is written. */
const NO_ANSWER = 'none';
const STATUS = /^(?:[\d*]{1,3}|none)-(?:[\d*]{1,3}|none)$/;
const STATUSES = Array.from({ length: 500 }, (_, index) => String(100 + index));
const LOOSE_TILDE = /~(?![01])/;
const LOOSE_TILDES = new RegExp(LOOSE_TILDE, 'g');
const TOKEN = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/** Takes a path apart. Header names are read in lower case. */
export function parseRulePath(path: string): RulePath {
  const written = path.split('/');
  const problem = problemOf(path, written);
  if (problem !== null) return { ok: false, ...problem };
  const inHeaders = written[0] === 'headers';
  return { ok: true, parts: written.map((part) => partOf(inHeaders ? part.toLowerCase() : part)) };
}

/** Whether a part is what a test asks for. */
export function matchesPart({ exact, pieces }: PartTest, key: string): boolean {
  if (exact !== null) return exact === key;
  const [first = '', ...rest] = pieces;
  const last = rest.pop() ?? '';
  if (!key.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = key.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return key.length - last.length >= at && key.endsWith(last);
}

/** Whether any one part passes: `*` alone. */
export function isAnyPart({ exact, pieces }: PartTest): boolean {
  return exact === null && pieces.every((piece) => piece === '');
}

/** Whether an endpoint (`GET /users/{id}`) is one that a glob names: `*` is one segment or less, `**` any number. */
export function matchesEndpoint(glob: string, endpoint: string): boolean {
  const [method, path] = halves(glob);
  const [wantedMethod, wantedPath] = halves(endpoint);
  if (method !== '*' && method !== wantedMethod) return false;
  return matchesParts(path.split('/').map(partOf), wantedPath.split('/'));
}

/** Whether a whole path is what the parts ask for. */
export function matchesParts(parts: readonly PathPart[], keys: readonly string[]): boolean {
  const [part, ...rest] = parts;
  if (part === undefined) return keys.length === 0;
  if (part !== '**') {
    return keys.length > 0 && matchesPart(part, keys[0] as string) && matchesParts(rest, keys.slice(1));
  }
  return keys.some((_, index) => matchesParts(rest, keys.slice(index))) || matchesParts(rest, []);
}

function halves(endpoint: string): [method: string, path: string] {
  const space = endpoint.indexOf(' ');
  return [endpoint.slice(0, space), endpoint.slice(space + 1)];
}

/** One part as a test. */
export function partOf(part: string): PathPart {
  if (part === '**') return '**';
  const unescape = (text: string): string => text.replaceAll('~1', '/').replaceAll('~0', '~');
  if (!part.includes('*')) return { exact: unescape(part), pieces: [] };
  return { exact: null, pieces: part.split('*').map(unescape) };
}

function problemOf(path: string, parts: readonly string[]): { message: string; hint: string } | null {
  const [place = '', ...rest] = parts;
  if (path.startsWith('/')) {
    return { message: 'a rule path has no / at its start', hint: `write body${path} or headers${path}` };
  }
  if (parts.some((part) => part === '')) {
    return { message: 'a part of this path is empty', hint: 'write one / between parts and none at the end' };
  }
  if (parts.length > MOST_PARTS) {
    return {
      message: `a rule path has ${MOST_PARTS} parts at the most`,
      hint: 'use ** for what lies between',
    };
  }
  if (place === '**') return rest.every((part) => /^\*+$/.test(part)) ? EVERYTHING : null;
  if (place === 'headers') return headerProblem(rest);
  if (place === 'status') return statusProblem(rest);
  if (place === 'body') return bodyProblem(path, rest);
  return { message: `"${place}" is no place where answers differ`, hint: placeHint(place, path) };
}

const EVERYTHING = {
  message: 'this path is everything, so that nothing would be compared',
  hint: 'name what may differ: body/updatedAt, headers/x-build',
};

function placeHint(place: string, path: string): string {
  const near = PLACES.find((each) => each.startsWith(place.replace(/s$/, '').slice(0, 4)));
  if (near !== undefined && place.length > 2) return `did you mean "${near}"?`;
  return `a path begins with headers/, body or status/: body/${path}, perhaps`;
}

function headerProblem(rest: readonly string[]): { message: string; hint: string } | null {
  const [name] = rest;
  if (name === undefined || rest.every((part) => /^\*+$/.test(part))) {
    return { message: 'this path is every header', hint: 'name one: headers/x-build, or headers/x-debug-*' };
  }
  if (TOKEN.test(name.toLowerCase())) return null;
  return { message: `"${name}" is no header name`, hint: 'write it as in headers/x-build' };
}

function statusProblem(rest: readonly string[]): { message: string; hint: string } | null {
  const hint = 'write legacy and candidate: status/200-204, or status/200-20*';
  if (rest.length !== 1 || !STATUS.test(rest[0] as string)) {
    return { message: 'this is no pair of statuses', hint };
  }
  const wrong = (rest[0] as string).split('-').find((half) => !canBeStatus(half));
  if (wrong === undefined) return null;
  return { message: `${wrong} is no status of HTTP: those are 100 to 599`, hint };
}

/** Whether an answer can have a status that is written so (RFC 9110, section 15); a lane that gave none has `none`. */
function canBeStatus(half: string): boolean {
  const part = partOf(half);
  if (part === '**') return true;
  return half === NO_ANSWER || STATUSES.some((status) => matchesPart(part, status));
}

/** An unescaped `~` names no key, and `items[*]` is how other languages write a list. */
function bodyProblem(path: string, rest: readonly string[]): { message: string; hint: string } | null {
  const loose = rest.find((part) => LOOSE_TILDE.test(part));
  if (loose !== undefined) {
    const hint = `a ~ inside of a key is written ~0: ${path.replaceAll(LOOSE_TILDES, '~0')}`;
    return { message: `this rule can never match: "${loose}" holds a ~ that escapes nothing`, hint };
  }
  const index = rest.findIndex((part) => part.includes('[*]'));
  if (index === -1) return null;
  const hint = `elements of lists are written *: ${path.replaceAll(/\/?\[\*\]/g, '/*')}`;
  return { message: `this rule can never match: "${rest[index]}" is no key and no place in a list`, hint };
}
