import { z } from 'zod';
import { replayClassSchema } from '../replay/state-schema.ts';

const count = z.int().nonnegative();
const { id, endpoint, kind, path } = replayClassSchema.shape;

/** What `cutover gate --report FILE --json` prints. */
export const replayGateSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    kind: z.literal('replay'),
    verdict: z.enum(['ready', 'hold', 'abort']),
    exitCode: z.int().describe('0 ready, 3 a rule is hit, 4 pair coverage is below the least'),
    label: z.string().describe('what a census says, and what it does not'),
    pairs: count.describe('judged pairs'),
    coverage: z.number().min(0).max(1).nullable(),
    leastCoverage: z.number(),
    reason: z.string(),
    rules: z.array(z.strictObject({ rule: z.string(), hit: z.boolean(), detail: z.string() })),
    newClasses: z
      .array(z.strictObject({ id, endpoint, kind, path, count }))
      .describe('classes that the baseline does not have, largest first'),
  })
  .meta({ title: 'Cutover gate on a replay report' });

export type ReplayGate = z.infer<typeof replayGateSchema>;
