// HOT: one scan of the path, one Set lookup.
import { LIMITS } from '../core/limits.ts';

const NUMBER = /^\d+$/;
const HEX_ID = /^(?=.*\d)[0-9a-f]{8,}$/i;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const LONGEST_WORD = 40;

/**
 * Turns paths into templates: `/users/123` → `/users/{id}`. A segment is an id when it is a number, a UUID, long
 * hexadecimal with a digit, or longer than any word. The number of templates is bounded: later ones are `{other}`.
 */
export class EndpointTable {
  private readonly known = new Set<string>();

  /** @returns method and path template, `GET /users/{id}` */
  endpoint(method: string, path: string): string {
    const endpoint = `${method} ${templateOf(path)}`;
    if (this.known.has(endpoint)) return endpoint;
    if (this.known.size >= LIMITS.endpoints) return `${method} {other}`;
    this.known.add(endpoint);
    return endpoint;
  }
}

/** The template of one path. */
export function templateOf(path: string): string {
  return path
    .split('/')
    .map((segment) => (isId(segment) ? '{id}' : segment))
    .join('/');
}

function isId(segment: string): boolean {
  return NUMBER.test(segment) || HEX_ID.test(segment) || UUID.test(segment) || segment.length > LONGEST_WORD;
}
