import { z } from 'zod';
import { statusSchema } from '../control/schema/status.ts';

const count = z.int().nonnegative();
const { phase, step, paused, bypass, epoch } = statusSchema.shape.rollout.shape;
const { verdict, reason, message, etaS } = statusSchema.shape.gate.shape;

/** What `cutover wait --json` prints, once, at the end. */
export const waitSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    for: z.string().describe('what was waited for, as on the command line'),
    outcome: z
      .enum(['met', 'aborted', 'timed_out'])
      .describe('aborted: the gates say abort, so they will not become ready'),
    exitCode: z.int().describe('0 met, 3 aborted, 6 timed out'),
    waitedMs: count,
    last: z
      .strictObject({
        atMs: count.describe('milliseconds since the Unix epoch'),
        phase,
        step,
        paused,
        bypass,
        epoch,
        verdict,
        reason,
        message,
        etaS,
      })
      .nullable()
      .describe('the last state that was seen; null: the gateway never answered'),
  })
  .meta({ title: 'Cutover wait' });

export type WaitAnswer = z.infer<typeof waitSchema>;
