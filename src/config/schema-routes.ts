import { flag, list, matching, name, section, word } from './fields.ts';
import { matchSchema, TEMPLATE } from './schema-match.ts';

export const routeSchema = section(
  {
    name: name("the route's name in every table and metric", 'api'),
    match: matchSchema.prefault({}),
    upstream: name('the upstream that answers', 'shop'),
    filters: list(name('a filter', 'staff'), 'filters of this route, in their order').prefault([]),
    critical: flag('must be proven by itself before a phase is left').prefault(false),
    fallback: word('who answers when the candidate fails before its first byte', ['legacy', 'none']).prefault(
      'none',
    ),
    endpoints: list(
      matching('a path template', TEMPLATE, 'a path with names in braces for what varies', '/users/{name}'),
      'templates of its endpoints; what they do not name is learned: numbers and ids are {id}',
    ).optional(),
    copyWrites: flag(
      'copies POST, PUT, PATCH and DELETE too; only where the candidate writes nothing real',
    ).prefault(false),
  },
  'a route of the candidate lane',
);
