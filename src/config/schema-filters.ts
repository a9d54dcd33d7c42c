import { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import { BUILT_IN } from './schema-built-in.ts';
import {
  duration,
  flag,
  list,
  matching,
  nameKey,
  named,
  ONE_KEY,
  say,
  section,
  size,
  text,
  word,
} from './fields.ts';
import { tokenField } from './fields-net.ts';
import { secretRef } from './schema-rollout.ts';

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

/** Those that a filter accepts which names none. */
export const USUAL_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

const above = (description: string, most: number, words: string) =>
  duration(description, { min: 1_000, max: most, words });

const jwks = section(
  {
    file: text('JSON Web Key Set with public keys only', './keys.json').optional(),
    url: matching(
      'where the key set is published; asked by each worker',
      /^https?:\/\/[^\s/?#@]+(?:[/?][^\s#]*)?$/i,
      'an https URL without user, password and fragment',
      'https://id.example.com/.well-known/jwks.json',
    ).optional(),
    maxAge: above('age at which it is fetched again', 86_400_000, 'from 1s to 1d').optional(),
    cooldown: above(
      'least time between two fetches, whatever keys are asked for',
      3_600_000,
      'from 1s to 1h',
    ).optional(),
    timeout: duration('one fetch, from its first to its last byte', {
      min: 10,
      max: 60_000,
      words: 'from 10ms to 1m',
    }).optional(),
    maxBytes: size('size of the answer', {
      min: 1,
      max: 4 * LIMITS.jwksBytes,
      words: 'from 1B to 1MiB',
    }).optional(),
  },
  'where the keys are',
)
  .refine((keys) => (keys.file === undefined) !== (keys.url === undefined), {
    error: 'expected exactly one of: file, url\nfor example: { file: ./keys.json }',
  })
  .meta({ description: 'where the keys are: a file, or a URL that is asked again and again' });

const audience = z
  .union([
    text('an aud claim that is accepted', 'shop'),
    list(text('an aud claim that is accepted', 'shop'), 'one of them is enough', 1),
  ])
  .describe('the aud claim that is expected; any of several');

const algorithms = list(word('a signature algorithm', ALGORITHMS), 'algorithms that are accepted', 1);

const issuer = section(
  {
    issuer: text('the iss claim of its tokens', 'https://id.example.com'),
    jwks,
    audience: audience.optional(),
    algorithms: algorithms.optional(),
  },
  'one issuer with keys of its own',
);

const value = z
  .union([z.string(), z.number(), z.boolean()], {
    error: 'expected a text, a number, true or false\nfor example: admin',
  })
  .meta({ description: 'a value of the same type as the claim', examples: ['admin', 1, true] });

const RULES = ['equals', 'oneOf', 'contains', 'exists'] as const;

const rule = section(
  {
    claim: text('name of the claim, or the way to it: realm_access.roles', 'scope'),
    equals: value.optional(),
    oneOf: list(value, 'one of these', 1).optional(),
    contains: value.describe('an element of the list, or a word of the text').optional(),
    exists: z
      .literal(true, { error: 'expected true\nwrite: exists: true' })
      .describe('it is there')
      .optional(),
  },
  'what one claim must be',
).refine((one) => RULES.filter((key) => one[key] !== undefined).length === 1, {
  error: `expected exactly one of: ${RULES.join(', ')}\nfor example: { claim: scope, contains: orders }`,
});

const token = section(
  {
    header: tokenField('a header that holds the token alone', 'x-token').optional(),
    cookie: tokenField('a cookie', 'session').optional(),
    query: matching(
      'a parameter of the query; it ends up in logs on its way here',
      /^[A-Za-z0-9._~-]{1,64}$/,
      'a parameter name of letters, digits and . _ ~ -',
      'access_token',
    ).optional(),
  },
  'where the token is, if not in Authorization: Bearer …',
)
  .refine((place) => Object.keys(place).length === 1, {
    error: 'expected exactly one of: header, cookie, query\nfor example: { cookie: session }',
  })
  .meta(ONE_KEY);

const revoked = z
  .union([
    section({ file: text('one jti a line', './revoked.txt') }, 'a file of revoked tokens'),
    list(text('the jti claim of a token', 'c6f0…'), 'tokens that are refused'),
  ])
  .describe('tokens that are refused: jti claims, or { file: … } with one a line');

const swap = section({ swap: secretRef }, 'copies have a token of their own').describe(
  "a token of the copies' own, by reference",
);

const jwt = section(
  {
    jwks: jwks.optional(),
    issuer: text('the iss claim that is expected', 'https://id.example.com').optional(),
    audience: audience.optional(),
    algorithms: algorithms
      .optional()
      .describe(`algorithms that are accepted; ${USUAL_ALGORITHMS.join(', ')} if left out`),
    issuers: list(issuer, 'several issuers, each with its own keys, instead of the four above', 1).optional(),
    clockTolerance: duration('by how much clocks may differ', {
      max: 300_000,
      words: 'of 5m at the most',
    }).prefault('5s'),
    maxAge: above(
      'age of a token since its iat, whatever its exp says',
      31 * 86_400_000,
      'from 1s to 31d',
    ).optional(),
    typ: list(
      matching('a typ header', /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+/-]{0,63}$/, 'a media type or JWT', 'at+jwt'),
      'typ headers that are accepted; any if left out',
      1,
    ).optional(),
    require: list(rule, 'what claims must be; all of them').prefault([]),
    token: token.optional(),
    forwardClaims: z
      .record(tokenField('a request header', 'x-user'), text('a claim', 'sub'), {
        error: 'expected headers and claims\nfor example: { x-user: sub }',
      })
      .describe('request headers that tell servers what was verified; clients cannot send them')
      .prefault({}),
    forwardToken: flag('servers get the token itself, too').prefault(true),
    copies: z
      .union([word('the token on copies', ['keep', 'strip']), swap])
      .describe(
        "what copies carry: the client's token, none, or { swap: { env: NAME } } towards the candidate",
      )
      .prefault('keep'),
    revoked: revoked.prefault([]),
  },
  'a JSON web token',
);

/** Of a filter that a user wrote. */
const MODULE = {
  module: text('a module of yours, its default export made by defineFilter', './filters/geo.ts').optional(),
  options: z
    .record(z.string(), z.unknown(), {
      error: say('expected a map of options', 'write the keys indented below it, or as { key: value }'),
    })
    .meta({
      description: 'what its hooks find in request.options; its parse checks them',
      examples: [{ countries: ['de', 'fr'] }],
    })
    .optional(),
  failure: word('when it throws, is late or answers nonsense: let pass or refuse; else its own word', [
    'open',
    'closed',
  ]).optional(),
  budget: duration('how long a request may wait for it; else its own word', {
    min: 1,
    max: LIMITS.filterBudgetMostMs,
    words: `of 1ms to ${LIMITS.filterBudgetMostMs / 1_000}s`,
  }).optional(),
};

/** Each has exactly one kind; `checks/filters.ts` says so. */
export const FILTER_KINDS = ['jwt', 'module', ...Object.keys(BUILT_IN)];

export const filtersSchema = named(
  section(
    {
      jwt: jwt.optional(),
      ...MODULE,
      ...BUILT_IN,
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
