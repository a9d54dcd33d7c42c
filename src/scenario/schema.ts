import { z } from 'zod';
import { duration, flag, list, name, named, rate, section, text, whole, word } from '../config/fields.ts';
import { checkTargets } from './schema-targets.ts';
import { faultSchema } from './schema-faults.ts';
import { upstreamSchema } from './schema-upstreams.ts';

const NAME = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, { error: 'expected a name\nletters, digits, dashes' });
const EXIT_CODES = 255;

const headers = named(text('the value', 'internal'), z.string().regex(/^[\w-]{1,64}$/), 'request headers');

const mixEntry = section(
  {
    method: word('the method', ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']).prefault('GET'),
    path: text('path with query; {1..50} is a number drawn from the seed', '/orders/{1..50}'),
    weight: whole('how often, relative to the other entries', 1, 1_000_000, 3).prefault(1),
    headers: headers.prefault({}),
    body: text('request body', '{"quantity":1}').optional(),
  },
  'one kind of request',
);

const traffic = section(
  {
    at: duration('when it starts').prefault('0ms'),
    rate: rate('requests a second, sent on time whether or not answers come'),
    for: duration('how long', { min: 1, words: 'above zero' }),
    mix: list(mixEntry, 'requests drawn by weight', 1).optional(),
    file: text('a capture or access log to take requests from', './orders.gor').optional(),
    users: whole('distinct users, told apart by the cookie sid', 1, 1_000_000, 500).prefault(1),
  },
  'one stretch of traffic',
).refine((part) => (part.mix === undefined) !== (part.file === undefined), {
  error: 'expected exactly one of: mix, file\nfor example: mix: [{ path: / }]',
});

const action = section(
  {
    at: duration('when it is run'),
    run: text('a command line without the word cutover', 'advance --to canary --yes'),
    exit: whole('the exit code that is expected', 0, EXIT_CODES, 0).prefault(0),
  },
  'what an operator does',
);

/** How an expectation compares. `matches` is a regular expression of the scenario's author. */
const OPERATORS = ['eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'contains', 'matches', 'exists'] as const;

const expectation = section(
  {
    name: text('the promise, as a sentence', 'no client saw an error'),
    path: text(
      'JSON Pointer into the result: /client, /status, /history, /differences, /exits',
      '/client/errors',
    ),
    op: word('how to compare', OPERATORS).prefault('eq'),
    value: z
      .union([z.string(), z.number(), z.boolean(), z.null()])
      .describe('what is expected there')
      .optional(),
  },
  'one thing that must hold at the end',
).refine((item) => item.op === 'exists' || item.value !== undefined, {
  error: 'there is no value to compare with\nadd value: …',
});

/** A whole rehearsal as data: `scenarios/*.yaml`. */
export const scenarioSchema = section(
  {
    version: z.literal(1, { error: 'expected 1\nwrite: version: 1' }).describe('version of this format'),
    name: name('the name of the scenario', 'orders-regression'),
    about: text('what it shows, for people', 'the candidate changes a number into text').optional(),
    seed: whole('seed of everything that is drawn', 0, 2 ** 32 - 1, 7),
    config: z
      .record(z.string(), z.unknown())
      .describe(
        'keys of cutover.yaml; ${NAME} of an upstream is its URL; listen, admin, store and runDir are given',
      )
      .meta({ examples: [{ legacy: { servers: ['${legacy}'] }, candidate: { servers: ['${candidate}'] } }] }),
    upstreams: named(upstreamSchema, NAME, 'servers that the rehearsal starts, by name'),
    traffic: list(traffic, 'what clients do', 1),
    faults: list(faultSchema, 'what goes wrong, and when').prefault([]),
    actions: list(action, 'what operators do').prefault([]),
    expect: list(expectation, 'what must come out', 1),
    settle: duration('time for the last windows after the traffic').prefault('2s'),
    keep: flag('keeps the database and logs of the run').prefault(false),
  },
  'a rehearsal',
)
  .superRefine((scenario, context) => {
    for (const issue of checkTargets(scenario)) context.addIssue({ code: 'custom', ...issue });
  })
  .meta({ title: 'Cutover scenario' });

export type Scenario = z.output<typeof scenarioSchema>;
export type Expectation = Scenario['expect'][number];
