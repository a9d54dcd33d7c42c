import { z } from 'zod';
import { duration, list, matching, positiveDuration, section, text, whole } from '../config/fields.ts';
import { PROMISE, refinePromise } from './schema-expect.ts';
import { faultSchema } from './schema-faults.ts';
import { wordsOf } from './words.ts';

const EXIT_CODES = 255;

const until = section(
  { ...PROMISE, for: positiveDuration('how long at the most').prefault('30s') },
  'a state that is waited for: path is a JSON Pointer into what status --json prints',
).superRefine(refinePromise);

/** What an operator does, one after the other. */
export const actionSchema = section(
  {
    at: duration('the earliest moment; actions run one after the other').prefault('0ms'),
    say: text('a sentence that is printed first', 'the fixed candidate is deployed').optional(),
    configure: z
      .record(z.string(), z.unknown(), {
        error: 'expected a map of keys\nfor example: { candidate: { version: v2 } }',
      })
      .describe('merged into cutover.yaml; lists are replaced. It takes effect by: run: reload')
      .optional(),
    faults: list(faultSchema, 'what goes wrong from this moment on').prefault([]),
    run: matching('a command line without the word cutover', /\S/, 'a verb', 'advance --to canary --yes')
      .refine((line) => wordsOf(line) !== null, {
        error: 'a quote is not closed\nfor example: rollback --reason "orders fail"',
      })
      .optional(),
    exit: whole('the exit code that is expected', 0, EXIT_CODES, 0).prefault(0),
    until: until.optional(),
  },
  'what an operator does',
).refine(
  ({ say, configure, faults, run, until }) =>
    [say, configure, run, until].some((part) => part !== undefined) || faults.length > 0,
  { error: 'nothing is done here\nadd one of: run, configure, faults, until, say' },
);

export type Action = z.output<typeof actionSchema>;
export type Until = NonNullable<Action['until']>;
