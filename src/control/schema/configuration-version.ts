import { z } from 'zod';

export const keyChangeSchema = z.strictObject({
  key: z.string().describe('as people say it: candidate.routes[shop].upstream'),
  from: z.string().nullable().describe('shortened, secrets hidden; null: it was not there'),
  to: z.string().nullable().describe('null: it is there no more'),
});

/** What an entry of the audit changed in the configuration. */
export const configurationChangeSchema = z.strictObject({
  sequence: z.int().positive().describe('the entry, and the version for cutover reload --entry'),
  hash: z.string().describe('of all that shapes evidence'),
  changes: z.array(keyChangeSchema).nullable().describe('null: nothing is known of the one before'),
  more: z.int().nonnegative().describe('changes that are not listed'),
  kept: z.boolean().describe('its text is stored, so that it can be put into force again'),
});

/** One configuration as it is stored with its entry. */
export const configurationVersionSchema = configurationChangeSchema
  .omit({ kept: true })
  .extend({
    schemaVersion: z.literal(1),
    text: z
      .string()
      .nullable()
      .describe('as the file was; null: it held what looks like a secret, or was too large'),
  })
  .meta({ title: 'Cutover configuration of one entry of the history' });

export type ConfigurationChange = z.infer<typeof configurationChangeSchema>;
export type ConfigurationVersion = z.infer<typeof configurationVersionSchema>;
