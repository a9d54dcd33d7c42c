import { z } from 'zod';
import { PHASES } from '../../core/snapshot.ts';
import { configurationChangeSchema } from './configuration-version.ts';
import { VERBS } from '../../rollout/state.ts';

const position = z.strictObject({ phase: z.enum(PHASES), step: z.int().nonnegative() });
const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** One line of the audit. */
export const historyEntrySchema = z.strictObject({
  sequence: z.int().positive(),
  atMs: z.int().nonnegative().describe('milliseconds since the Unix epoch'),
  who: z.string(),
  verb: z.enum(VERBS),
  from: position.nullable(),
  to: position,
  reason: z.string(),
  region: z
    .string()
    .nullable()
    .describe('null: the whole rollout; else the one region that was taken back or let in again'),
  forced: z.boolean(),
  epoch: z.int().nonnegative(),
  evidenceHash: hash.nullable(),
  previousHash: hash,
  hash: hash.describe('SHA-256 of this entry without this field, as canonical JSON'),
});

/** What `cutover history --json` prints: newest last. */
export const historySchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    intact: z.boolean().describe('every hash was recomputed and the chain has no gap'),
    total: z.int().nonnegative(),
    entries: z.array(historyEntrySchema),
    configurations: z
      .array(configurationChangeSchema)
      .default([])
      .describe('what of these entries changed the configuration, as far as it is kept'),
  })
  .meta({ title: 'Cutover history' });

export type History = z.infer<typeof historySchema>;
