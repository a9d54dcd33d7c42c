import { flag, list, matching, name, section, word } from './fields.ts';
import { hostField } from './fields-net.ts';

/** A path prefix in the normalised form that requests are matched in. */
const PATH = /^\/(?!.*(?:\/\/|\/\.\.?(?:\/|$)|[?#\s\\]))/;

const match = section(
  {
    host: hostField('exact host, any if left out').optional(),
    path: matching(
      'path prefix, /api/ say',
      PATH,
      'a path that starts with / and has no .., // or query',
      '/api/',
    ).prefault('/'),
    methods: list(
      matching('a method', /^[A-Z]{1,20}$/, 'a method in capitals', 'GET'),
      'methods, any if left out',
    ).prefault([]),
  },
  'what a request must look like',
);

export const routeSchema = section(
  {
    name: name("the route's name in every table and metric", 'api'),
    match: match.prefault({}),
    upstream: name('the upstream that answers', 'shop'),
    filters: list(name('a filter', 'staff'), 'filters of this route, in their order').prefault([]),
    critical: flag('must be proven by itself before a phase is left').prefault(false),
    fallback: word('who answers when the candidate fails before its first byte', ['legacy', 'none']).prefault(
      'none',
    ),
    endpoints: list(
      matching(
        'a path template',
        /^(?:\/(?:\{[A-Za-z][A-Za-z0-9_]{0,63}\}|[^{}\s?#/]*))+$/,
        'a path with names in braces for what varies',
        '/users/{name}',
      ),
      'templates of its endpoints; what they do not name is learned: numbers and ids are {id}',
    ).optional(),
    copyWrites: flag(
      'copies POST, PUT, PATCH and DELETE too; only where the candidate writes nothing real',
    ).prefault(false),
  },
  'a route of the candidate lane',
);
