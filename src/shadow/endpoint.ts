// HOT: one scan of the path and one Set lookup; a walk over the segments only for a path whose template is new.
import { LIMITS } from '../core/limits.ts';
import { templateOf } from '../core/path-template.ts';

/** What stands for a segment beyond `LIMITS.endpointSiblings`, and for everything beyond `LIMITS.endpoints`. */
const ANY = '{any}';
const OTHER = '{other}';

/** A path template of the configuration, taken apart: null stands for any one segment. */
export interface PathTemplate {
  readonly text: string;
  readonly segments: readonly (string | null)[];
}

/** Templates that are literal for longer come first, so that `/users/me` wins over `/users/{name}`. */
export function pathTemplates(texts: readonly string[]): PathTemplate[] {
  const taken = texts.map((text) => ({
    text,
    segments: text.split('/').map((segment) => (/^\{[^{}]+\}$/.test(segment) ? null : segment)),
  }));
  const literal = ({ segments }: PathTemplate): string =>
    segments.map((segment) => (segment === null ? '1' : '0')).join('');
  return taken.toSorted((one, other) => (literal(one) < literal(other) ? -1 : 1));
}

/** Segments that were seen at one place. */
type Siblings = Map<string, Siblings>;

/**
 * Turns paths into templates: `/users/123` → `/users/{id}`. The templates of the route come first. Else a segment is an
 * id when it is a number, a UUID, long hexadecimal with a digit, an address, a token, or longer than any word; and where more different words
 * stand at one place than a person would have named, the later ones are `{any}`: `/p/red-shoe` → `/p/{any}`. Words that
 * were seen before keep their name, so that no class of differences ever changes its own. The number of templates is
 * bounded: later ones are `{other}`.
 */
export class EndpointTable {
  private readonly known = new Set<string>();
  private readonly seen: Siblings = new Map();

  /**
   * @param declared templates of the route
   * @returns method and path template, `GET /users/{id}`
   */
  endpoint(method: string, path: string, declared: readonly PathTemplate[] = []): string {
    const own = declared.length === 0 ? null : declaredFor(path, declared);
    // Those of the configuration are as many as a person wrote: they need no bound.
    if (own !== null) return `${method} ${own}`;
    const template = templateOf(path);
    const endpoint = `${method} ${template}`;
    return this.known.has(endpoint) ? endpoint : this.learn(method, template);
  }

  private learn(method: string, template: string): string {
    const endpoint = `${method} ${this.folded(method, template)}`;
    if (this.known.has(endpoint)) return endpoint;
    if (this.known.size >= LIMITS.endpoints) return `${method} ${OTHER}`;
    this.known.add(endpoint);
    return endpoint;
  }

  /** Walks the segments, and folds those that come too late among too many. */
  private folded(method: string, template: string): string {
    let place: Siblings | null = childOf(this.seen, method);
    const segments = cut(template.split('/'));
    for (const [index, segment] of segments.entries()) {
      const isNew = place !== null && !place.has(segment);
      if (isNew && (place?.size ?? 0) >= LIMITS.endpointSiblings && index > 0) segments[index] = ANY;
      // Beyond the bound on all templates nothing more is remembered, or every path would be.
      const grows = this.known.size < LIMITS.endpoints;
      place =
        place === null
          ? null
          : grows
            ? childOf(place, segments[index] as string)
            : (place.get(segment) ?? null);
    }
    return segments.join('/');
  }
}

/** Beyond `LIMITS.endpointDepth` a path says nothing about what it is for, and a client could write thousands. */
function cut(segments: string[]): string[] {
  if (segments.length <= LIMITS.endpointDepth) return segments;
  return [...segments.slice(0, LIMITS.endpointDepth), OTHER];
}

function childOf(place: Siblings, segment: string): Siblings {
  let child = place.get(segment);
  if (child === undefined) {
    child = new Map();
    place.set(segment, child);
  }
  return child;
}

function declaredFor(path: string, declared: readonly PathTemplate[]): string | null {
  const segments = path.split('/');
  for (const { text, segments: wanted } of declared) {
    if (wanted.length !== segments.length) continue;
    if (
      wanted.every(
        (segment, index) => segment === segments[index] || (segment === null && segments[index] !== ''),
      )
    ) {
      return text;
    }
  }
  return null;
}
