import { z } from 'zod';

const place = z.int().nonnegative();

const problem = z.strictObject({
  severity: z.enum(['error', 'warning']),
  file: z.string(),
  line: place.describe('from 1; 0 when the file as a whole is at fault'),
  column: place,
  path: z.string().describe('rollout.shadow.sample, candidate.routes[0].upstream; empty for the root'),
  message: z.string(),
  hint: z.string().nullable().describe('an edit or a command that helps'),
});

/** What `cutover check --json` prints, whether the file can be used or not. */
export const checkSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    file: z.string(),
    ok: z.boolean().describe('no error; warnings alone are none'),
    configHash: z.string().nullable().describe('of what shapes evidence; null when the file cannot be used'),
    problems: z.array(problem).describe('in the order of the file'),
  })
  .meta({ title: 'Cutover check' });
