import type { Finding } from '../problem.ts';
import { error } from '../problem.ts';
import type { Source } from '../source.ts';
import { matchAt } from '../route-view.ts';
import type { MatchView } from '../route-view.ts';
import { itemsAt, textsAt } from '../view.ts';

/** Templates of endpoints that a request of their route can have, each once. */
export function checkEndpointTemplates({ raw }: Source): Finding[] {
  return itemsAt(raw, ['candidate', 'routes']).flatMap((route) => {
    const taken = matchAt(raw, route);
    const seen = new Set<string>();
    return textsAt(raw, [...route, 'endpoints']).flatMap(({ text, path }) => {
      const shape = text.replaceAll(/\{[^{}/]*\}/g, '{}');
      const isTwice = seen.has(shape);
      seen.add(shape);
      if (isTwice) return [error(path, 'another template of this route is the same', 'remove one of them')];
      // What is no path at all is said by the schema.
      if (!text.startsWith('/') || isTaken(text, taken)) return [];
      const message = `no request of this route has this path: it takes ${taken.path}`;
      return [error(path, message, 'move it to the route that takes it')];
    });
  });
}

/** Nobody asks which templates an expression has. */
function isTaken(template: string, { kind, path }: MatchView): boolean {
  if (kind === 'regex') return true;
  const isWhole = kind === 'prefix' || template.split('/').length === path.split('/').length;
  return isWhole && isBelow(template, path);
}

function isBelow(template: string, prefix: string): boolean {
  const segments = template.split('/');
  const wanted = prefix.replace(/\/$/, '').split('/');
  return (
    segments.length >= wanted.length &&
    wanted.every(
      (segment, index) =>
        segment === segments[index] || segment.startsWith('{') || (segments[index] ?? '').startsWith('{'),
    )
  );
}
