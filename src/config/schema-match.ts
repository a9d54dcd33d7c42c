import { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import { ONE_KEY, list, matching, say, section } from './fields.ts';

/** A path in the normalised form that requests are matched in. */
export const PATH = /^(?!.*(?:\/\/|\/\.\.?(?:\/|$)|[?#\s\\]))\//;
/** A path template: names in braces stand for whole segments. */
export const TEMPLATE = /^(?:\/(?:\{[A-Za-z][A-Za-z0-9_]{0,63}\}|[^{}\s?#/]*))+$/;
const HOST = /^(?:\*\.)?(?!-)[A-Za-z0-9._-]{1,253}$/;

export const pathField = (description: string) =>
  matching(description, PATH, 'a path that starts with / and has no .., // or query', '/api/');

const special = section(
  {
    exact: pathField('one path and no other').optional(),
    template: matching(
      'a path with names in braces for segments that vary',
      TEMPLATE,
      'a path with names in braces for what varies',
      '/users/{id}/orders',
    ).optional(),
    regex: z
      .string({ error: say('expected an expression', String.raw`for example: { regex: /v\d+/users }`) })
      .min(1, { error: say('expected an expression, and it is empty', String.raw`for example: /v\d+/users`) })
      .max(LIMITS.routePatternChars, {
        error: `expected at most ${LIMITS.routePatternChars} characters\nmake several routes of it`,
      })
      .meta({ description: 'an expression of RE2 for the whole path', examples: [String.raw`/v\d+/users`] })
      .optional(),
  },
  'a path that is not a prefix',
)
  .refine((value) => Object.keys(value).length === 1, {
    error: 'expected exactly one of: exact, template, regex\nfor example: { exact: /login }',
  })
  .meta(ONE_KEY);

const FIELDS = say(
  'expected names and values',
  "write: { x-version: '2', x-beta: true }; true asks for any value",
);

const VALUE = say('expected a text, or true for any value', "quote numbers: x-version: '2'");

/** Names and exact values; `true` asks for any value. */
const fields = (description: string, key: RegExp, what: string) =>
  z
    .record(
      z.string().regex(key, { error: `expected ${what}\nfor example: x-version` }),
      z.union([z.literal(true, { error: VALUE }), z.string({ error: VALUE }).max(LIMITS.routeValueChars)], {
        error: VALUE,
      }),
      { error: FIELDS },
    )
    .refine((map) => Object.keys(map).length <= LIMITS.routeConditions, {
      error: `expected at most ${LIMITS.routeConditions} of them`,
    })
    .meta({ description, examples: [{ 'x-version': '2', 'x-beta': true }] });

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;

/** What a request must look like for a route. */
export const matchSchema = section(
  {
    host: matching(
      'a host, or *.example.com for all hosts below it; any if left out',
      HOST,
      'a host name without scheme and port',
      'shop.example.com',
    ).optional(),
    path: z
      .union([pathField('path prefix, /api/ say'), special])
      .describe('a path prefix, or { exact }, { template } or { regex }')
      .prefault('/'),
    methods: list(
      matching('a method', /^[A-Z]{1,20}$/, 'a method in capitals', 'GET'),
      'methods, any if left out',
    ).prefault([]),
    headers: fields('headers that must be there', TOKEN, 'a header name').optional(),
    query: fields(
      'parameters of the query that must be there, decoded',
      /^[^\p{Cc}]{1,128}$/u,
      'the name of a parameter',
    ).optional(),
  },
  'what a request must look like',
);
