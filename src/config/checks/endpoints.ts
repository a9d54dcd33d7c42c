import type { Finding } from '../problem.ts';
import { error } from '../problem.ts';
import type { Source } from '../source.ts';
import { itemsAt, textAt, textsAt } from '../view.ts';

/** Templates of endpoints that a request of their route can have, each once. */
export function checkEndpointTemplates({ raw }: Source): Finding[] {
  return itemsAt(raw, ['candidate', 'routes']).flatMap((route) => {
    const prefix = textAt(raw, [...route, 'match', 'path']) ?? '/';
    const seen = new Set<string>();
    return textsAt(raw, [...route, 'endpoints']).flatMap(({ text, path }) => {
      const shape = text.replaceAll(/\{[^{}/]*\}/g, '{}');
      const isTwice = seen.has(shape);
      seen.add(shape);
      if (isTwice) return [error(path, 'another template of this route is the same', 'remove one of them')];
      // What is no path at all is said by the schema.
      if (!text.startsWith('/') || isBelow(text, prefix)) return [];
      const message = `no request of this route has this path: it takes ${prefix}`;
      return [error(path, message, 'move it to the route that takes it')];
    });
  });
}

function isBelow(template: string, prefix: string): boolean {
  const segments = template.split('/');
  const wanted = prefix.replace(/\/$/, '').split('/');
  return (
    segments.length >= wanted.length &&
    wanted.every((segment, index) => segment === segments[index] || (segments[index] ?? '').startsWith('{'))
  );
}
