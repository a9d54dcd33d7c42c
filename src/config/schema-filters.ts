import { LIMITS } from '../core/limits.ts';
import { BUILT_IN } from './schema-built-in.ts';
import { duration, list, nameKey, named, section, text, word } from './fields.ts';

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

/** Of a filter that a user wrote. */
const MODULE = {
  module: text('a module of yours, its default export made by defineFilter', './filters/geo.ts').optional(),
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
