import { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import {
  parseDurationMs,
  parsePercentagePoints,
  parseRatePerSecond,
  parseShare,
  parseSizeBytes,
} from '../core/units.ts';

/**
 * The building blocks of every schema: text with a unit that is checked and turned into a number.
 * A message and its hint travel through zod as one text with a line break, see {@link say}.
 */

/** Joins a message and its hint for the way through zod. */
export function say(message: string, hint: string): string {
  return `${message}\n${hint}`;
}

/** Accepted by the JSON Schema beside the real grammar, so that an editor does not mark `${NAME}`. */
const INTERPOLATED = String.raw`.*\$\{.*`;

interface Grammar {
  /** With its article: `a duration`. */
  readonly what: string;
  readonly pattern: string;
  readonly examples: readonly string[];
  readonly parse: (text: string) => number | null;
}

const DURATION: Grammar = {
  what: 'a duration',
  pattern: String.raw`\d+(\.\d+)?(ms|s|m|h|d)`,
  examples: ['250ms', '30s', '5m', '24h', '7d'],
  parse: parseDurationMs,
};
const SIZE: Grammar = {
  what: 'a size',
  pattern: String.raw`\d+(B|KiB|MiB|GiB)`,
  examples: ['512B', '64KiB', '2GiB'],
  parse: parseSizeBytes,
};
const SHARE: Grammar = {
  what: 'a share',
  pattern: String.raw`\d+(\.\d+)?%`,
  examples: ['10%', '0.5%'],
  parse: parseShare,
};
const MARGIN: Grammar = {
  what: 'a margin in percentage points',
  pattern: String.raw`\d+(\.\d+)?pp`,
  examples: ['0.1pp', '0.5pp'],
  parse: parsePercentagePoints,
};
const RATE: Grammar = {
  what: 'a rate',
  pattern: String.raw`\d+(\.\d+)?/s`,
  examples: ['500/s', '0.5/s'],
  parse: parseRatePerSecond,
};

/** Bounds of a unit value, both included, in the unit that the field produces. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
  /** Said when a bound is broken: `at least 1s`. */
  readonly words?: string;
}

function unit(grammar: Grammar, description: string, bounds: Bounds) {
  const wrong = say(`expected ${grammar.what}`, `write it with its unit: ${grammar.examples.join(', ')}`);
  const { min = 0, max = Number.MAX_SAFE_INTEGER, words = 'within its bounds' } = bounds;
  return z
    .string({ error: wrong })
    .meta({ description, pattern: `^(${grammar.pattern}|${INTERPOLATED})$`, examples: [...grammar.examples] })
    .transform((text, context): number => {
      const value = grammar.parse(text);
      const inside = value !== null && value >= min && value <= max;
      if (inside) return value;
      const message = value === null ? wrong : `expected ${grammar.what} ${words}`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    });
}

/** Milliseconds. */
export const duration = (description: string, bounds: Bounds = {}) => unit(DURATION, description, bounds);

/** Milliseconds above zero. */
export const positiveDuration = (description: string) =>
  unit(DURATION, description, { min: 1, words: 'above zero' });

/** Bytes. */
export const size = (description: string, bounds: Bounds = {}) => unit(SIZE, description, bounds);

/** A fraction from 0 to 1. */
export const share = (description: string, bounds: Bounds = {}) => unit(SHARE, description, bounds);

/** A difference of rates as a fraction. */
export const margin = (description: string) =>
  unit(MARGIN, description, { min: 0.000_01, max: 1, words: 'from 0.001pp to 100pp' });

/** Events a second. */
export const rate = (description: string) => unit(RATE, description, {});

/** A whole number; the JSON Schema allows `${NAME}` too, which is a number after interpolation. */
export function whole(description: string, min: number, max: number, example: number) {
  const wrong = say('expected a whole number', `write a number from ${min} to ${max}`);
  return z
    .int({ error: wrong })
    .min(min, { error: wrong })
    .max(max, { error: wrong })
    .meta({ description, type: ['integer', 'string'], pattern: INTERPOLATED, examples: [example] });
}

/** true or false; the JSON Schema allows `${NAME}` too. */
export function flag(description: string) {
  return z
    .boolean({ error: say('expected true or false', 'write true or false, without quotes') })
    .meta({ description, type: ['boolean', 'string'], pattern: INTERPOLATED, examples: [true] });
}

/** Text that is not empty. */
export function text(description: string, example: string) {
  return z
    .string({ error: say('expected text', `for example: ${example}`) })
    .min(1, { error: say('expected text, and it is empty', `for example: ${example}`) })
    .meta({ description, examples: [example] });
}

/** Text of a closed grammar. */
export function matching(description: string, grammar: RegExp, what: string, example: string) {
  const wrong = say(`expected ${what}`, `for example: ${example}`);
  return z
    .string({ error: wrong })
    .refine((value) => grammar.test(value), { error: wrong })
    .meta({ description, pattern: `(${grammar.source})|(${INTERPOLATED})`, examples: [example] });
}

/** One of a few words. */
export function word<const T extends readonly [string, ...string[]]>(description: string, words: T) {
  return z
    .enum(words, { error: say(`expected one of: ${words.join(', ')}`, `write ${words.join(' or ')}`) })
    .meta({ description, examples: [...words] });
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const NAME_WORDS = 'a name of letters, digits, dots, dashes and underscores (64 at the most)';

/** The name of a route, an upstream, a filter or a region. */
export const name = (description: string, example: string) =>
  matching(description, NAME, NAME_WORDS, example);

/** A list with an upper bound, and a lower one if it must not be empty. */
export function list<T extends z.ZodType>(
  item: T,
  description: string,
  atLeast = 0,
  atMost: number = LIMITS.configEntries,
) {
  return z
    .array(item, { error: say('expected a list', 'write it as [a, b] or as lines that start with "- "') })
    .min(atLeast, { error: `expected at least ${atLeast} ${atLeast === 1 ? 'entry' : 'entries'}` })
    .max(atMost, { error: `expected at most ${atMost} entries` })
    .describe(description);
}

/** A map from names to values, with an upper bound on its size. */
export function named<T extends z.ZodType>(value: T, key: z.ZodString, description: string) {
  return z
    .record(key, value, { error: say('expected a map of names', 'write it as name: value') })
    .refine((map) => Object.keys(map).length <= LIMITS.configEntries, {
      error: `expected at most ${LIMITS.configEntries} entries`,
    })
    .describe(description);
}

/** A map with known keys and no others. */
export function section<T extends z.core.$ZodShape>(shape: T, description: string) {
  return z.strictObject(shape, { error: sectionError }).describe(description);
}

function sectionError(issue: { code?: string; input?: unknown }): string | undefined {
  if (issue.code !== 'invalid_type') return undefined;
  if (issue.input === null) return say('there is no value', 'indent its keys below it, or remove the key');
  return say('expected a map of keys', 'write the keys indented below it, or as { key: value }');
}

/** Exactly one key of a map may be given: what the JSON Schema says about it. */
export const ONE_KEY = { minProperties: 1, maxProperties: 1 } as const;

/** The key of a named part. */
export const nameKey = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error:
    'expected a name of letters, digits, dots, dashes and underscores\nstart with a letter or digit, 64 characters at the most',
});
