import { z } from 'zod';
import { duration, flag, list, matching, name, named, section, text, word } from './fields.ts';
import { hostField, serversField } from './fields-net.ts';
import { hasWeightPerServer, upstreamFields, WEIGHTS, withServers } from './schema-upstream.ts';

/** Signature algorithms with a public key; `none` and the shared-secret ones (HS256, …) are refused. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

export const legacySchema = withServers(
  'servers of the NGINX that serves today',
  'the legacy lane: what answers today',
);

const upstream = withServers('servers of this upstream', 'a named group of servers');

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

const route = section(
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

const nameKey = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error:
    'expected a name of letters, digits, dots, dashes and underscores\nstart with a letter or digit, 64 characters at the most',
});

export const candidateSchema = section(
  {
    servers: serversField('servers that take everything: another gateway, say').optional(),
    upstreams: named(upstream, nameKey, 'upstreams by name').optional(),
    routes: list(route, 'routes; the most specific one wins, whatever their order', 1).optional(),
    ...upstreamFields,
    version: text(
      'names the build behind these servers; another one starts the evidence anew',
      'v2.3.1',
    ).optional(),
  },
  'the candidate lane: servers, or upstreams and routes',
).refine(hasWeightPerServer, WEIGHTS);

const jwt = section(
  {
    jwks: section(
      { file: text('JSON Web Key Set with public keys only', './keys.json') },
      'where the keys are',
    ),
    issuer: text('the iss claim that is expected', 'https://id.example.com').optional(),
    audience: text('the aud claim that is expected', 'shop').optional(),
    algorithms: list(word('a signature algorithm', ALGORITHMS), 'algorithms that are accepted', 1).prefault([
      'RS256',
      'PS256',
      'ES256',
      'EdDSA',
    ]),
    clockTolerance: duration('by how much clocks may differ', {
      max: 300_000,
      words: 'of 5m at the most',
    }).prefault('5s'),
  },
  'a JSON web token in the Authorization header',
);

export const filtersSchema = named(
  section(
    {
      jwt,
      enforceAt: word('candidate: part of that lane and compared; edge: before both lanes', [
        'candidate',
        'edge',
      ]).prefault('candidate'),
    },
    'one filter',
  ),
  nameKey,
  'filters by name',
);
