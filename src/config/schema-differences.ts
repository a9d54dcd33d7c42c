import { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import { DIFFERENCE_KINDS } from '../core/observation.ts';
import { parseDurationMs, parseShare } from '../core/units.ts';
import { list, matching, say, section, text, whole, word } from './fields.ts';

/** What a rule does; each rule has exactly one of these keys. */
export const ACTIONS = [
  'ignore',
  'round',
  'sort',
  'unordered',
  'keyedBy',
  'lower',
  'trim',
  'regex',
  'tolerance',
] as const;
export type ActionName = (typeof ACTIONS)[number];

const TOLERANCE = say('expected a number, a share or a duration', 'for example: 0.01, 1% or 5s');

/** How far apart two values may be. */
const tolerance = z
  .union([z.number(), z.string()], { error: TOLERANCE })
  .meta({
    description: 'how far apart two values may be: 0.01, 1% of the larger one, or 5s',
    examples: [0.01, '1%', '5s'],
  })
  .transform((value, context): Tolerance => {
    const read = readTolerance(value);
    if (read !== null) return read;
    context.addIssue({ code: 'custom', message: TOLERANCE });
    return z.NEVER;
  });

type Tolerance = { readonly unit: 'number' | 'share' | 'ms'; readonly most: number };

function readTolerance(value: number | string): Tolerance | null {
  const written = String(value);
  const plain = typeof value === 'number' ? value : /^\d+(?:\.\d+)?$/.test(written) ? Number(written) : null;
  if (plain !== null) return plain >= 0 && Number.isFinite(plain) ? { unit: 'number', most: plain } : null;
  const share = parseShare(written);
  if (share !== null) return { unit: 'share', most: share };
  const ms = parseDurationMs(written);
  return ms === null ? null : { unit: 'ms', most: ms };
}

const DATE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;

/** Whether the calendar has this day: `Date.parse` takes 30 February for 2 March. */
function isDay(date: string): boolean {
  // What is no date at all is told by the grammar.
  if (!DATE.test(date)) return true;
  const ms = Date.parse(`${date}T00:00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(date);
}

const on = (description: string) =>
  z.literal(true, { error: say('expected true', 'write true, or remove the key') }).describe(description);

const rule = section(
  {
    path: text(
      'where, as a glob: headers/NAME, body/KEY/…, status/OLD-NEW; * is one part, ** any number',
      'body/items/*/price',
    ),
    endpoints: list(
      text('a method and a path template, * is one segment and ** any number', 'GET /users/{id}'),
      'endpoints it holds for; every one if left out',
      1,
    ).optional(),
    ignore: z
      .union(
        [on('whatever differs there'), list(word('a kind of difference', DIFFERENCE_KINDS), 'kinds', 1)],
        {
          error: say('expected true or a list of kinds', 'for example: [json_value]'),
        },
      )
      .describe('nothing that differs there, or below it, counts: true, or only these kinds')
      .optional(),
    round: whole('decimals that numbers are rounded to', 0, 20, 2).optional(),
    sort: on('a list whose order means nothing').optional(),
    unordered: on('a list that is a set: neither order nor repetition mean anything').optional(),
    keyedBy: text('the field that tells the objects of a list apart', 'id').optional(),
    lower: on('upper and lower case are the same').optional(),
    trim: on('white space at both ends means nothing').optional(),
    regex: text('what this pattern (RE2) matches is replaced on both sides', 'v[0-9]+').optional(),
    replace: z
      .string({ error: say('expected text', 'for example: v*') })
      .describe('what stands in its place')
      .optional(),
    tolerance: tolerance.optional(),
    reason: text('why this is no difference that matters', 'both sides round half to even'),
    owner: text('who answers for this rule', 'team-shop').optional(),
    expires: matching('the last day of this rule (UTC)', DATE, 'a date', '2027-01-31')
      .refine(isDay, { error: say('there is no such day', 'for example: 2027-01-31') })
      .optional(),
  },
  'one rule: a path, one thing to do there, and a reason',
)
  .refine((given) => ACTIONS.filter((name) => given[name] !== undefined).length === 1, {
    error: say('expected exactly one thing to do', `write one of: ${ACTIONS.join(', ')}`),
  })
  .refine((given) => given.replace === undefined || given.regex !== undefined, {
    error: say('replace goes with regex', 'add regex: PATTERN, or remove replace'),
  });

export const differencesSchema = section(
  {
    rules: z
      .array(rule, { error: say('expected a list', 'write each rule as a line that starts with "- "') })
      .max(LIMITS.differenceRules, { error: `expected at most ${LIMITS.differenceRules} rules` })
      .describe('what may differ, and why; what a rule hides is counted and shown')
      .prefault([]),
  },
  'what counts as a difference',
);

export type RuleEntry = z.output<typeof rule>;
