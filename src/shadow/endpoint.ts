// HOT: one scan of the path, one Set lookup.
import { LIMITS } from '../core/limits.ts';
import { templateOf } from '../core/path-template.ts';

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
