import { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import { flag, list, matching, name, say, section, whole, word } from './fields.ts';
import { matchSchema, pathField, TEMPLATE } from './schema-match.ts';

const STATUS = say('expected one of: 301, 302, 307, 308', 'a status of redirects: 308 keeps the method');

export const routeSchema = section(
  {
    name: name("the route's name in every table and metric", 'api'),
    match: matchSchema.prefault({}),
    upstream: name('the upstream that answers', 'shop').optional(),
    upstreams: list(
      section(
        {
          name: name('an upstream', 'shop'),
          weight: whole('its part of the requests, of the sum of all', 0, LIMITS.upstreamWeight, 9),
        },
        'an upstream with its weight',
      ),
      'several upstreams by their weights; a user stays with one of them',
      1,
    ).optional(),
    rewrite: section(
      { prefix: pathField('in the place of the path of the match') },
      'what the server gets instead; in the candidate lane alone',
    ).optional(),
    redirect: section(
      {
        prefix: pathField('in the place of the path of the match; on the same host'),
        status: z
          .literal([301, 302, 307, 308], { error: STATUS })
          .describe('status of the answer')
          .prefault(308),
      },
      'the candidate lane answers with a redirect instead of asking a server',
    ).optional(),
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
