import { z } from 'zod';
import { appliedSchema } from '../control/schema/commands.ts';

/** The kill switch by its file alone: nobody was there to note it in the history yet. */
const thrownAlone = z.strictObject({
  schemaVersion: z.literal(1),
  bypass: z.literal(true),
  supervisor: z.literal(false),
  workers: z.int().nonnegative().describe('workers that were told'),
});

const unchanged = z.strictObject({
  schemaVersion: z.literal(1),
  changed: z.literal(false).describe('it was so already, and nothing was asked for'),
  message: z.string(),
});

/** What advance, rollback, pause, resume, reload and bypass print with `--json`. */
export const changeSchema = z
  .union([appliedSchema, thrownAlone, unchanged])
  .meta({ title: 'Cutover change' });
