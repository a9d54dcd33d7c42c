import { z } from 'zod';
import { DIFFERENCE_KINDS } from '../../core/observation.ts';

const count = z.int().nonnegative();

const difference = z.strictObject({
  kind: z.enum(DIFFERENCE_KINDS),
  path: z.string(),
  legacy: z.string().nullable(),
  candidate: z.string().nullable(),
});

const example = z.strictObject({
  requestId: z.string(),
  atMs: count,
  direction: z.enum(['shadow', 'reverse']),
  epoch: count,
  method: z.string(),
  target: z.string().describe('path with its query, values masked'),
  difference,
});

const differenceClass = z.strictObject({
  id: z.string(),
  route: z.string(),
  endpoint: z.string(),
  kind: z.enum(DIFFERENCE_KINDS),
  path: z.string(),
  count,
  firstSeenMs: count,
  lastSeenMs: count,
  example: example.nullable(),
});

/** What `cutover differences --json` prints: classes, largest first. */
export const differencesSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    compared: count.describe('pairs compared since the store was made'),
    total: count.describe('classes known'),
    classes: z.array(differenceClass),
  })
  .meta({ title: 'Cutover differences' });

/** What `cutover differences show ID --json` prints. */
export const differenceDetailSchema = z.strictObject({
  schemaVersion: z.literal(1),
  class: differenceClass,
  reproduce: z
    .strictObject({ legacy: z.string(), candidate: z.string() })
    .nullable()
    .describe('a curl command for each lane'),
});

export type Differences = z.infer<typeof differencesSchema>;
export type DifferenceDetail = z.infer<typeof differenceDetailSchema>;
