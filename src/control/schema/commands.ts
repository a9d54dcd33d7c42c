import { z } from 'zod';
import { LIMITS } from '../../core/limits.ts';
import { PHASES } from '../../core/snapshot.ts';
import { isPrintable } from '../../rollout/command.ts';
import { historyEntrySchema } from './history.ts';

const count = z.int().nonnegative();
const phase = z.enum(PHASES);
const position = z.strictObject({ phase, step: count });

/** Stands behind the name in the audit: the client said it, on this machine. */
export const LOCAL = '@local';

const who = z
  .string()
  .trim()
  .min(1)
  .max(LIMITS.saidChars)
  .refine(isPrintable, 'holds control characters')
  .describe('user name on the machine of the client, as it says');

const reason = z.string().trim().max(LIMITS.reasonChars).refine(isPrintable, 'holds control characters');

const target = z
  .strictObject({ phase, step: count.optional() })
  .describe('a phase without a step means its first step');

const region = z
  .string()
  .regex(/^[\w.-]{1,64}$/, 'is no name of a region')
  .optional()
  .describe('one region alone; the position stays');

/** Body of `POST /v1/advance`. */
export const advanceBody = z.strictObject({
  who,
  reason: reason.min(1, 'is needed for the audit'),
  to: target.nullish(),
  region,
  force: z.boolean().default(false),
  approve: z.boolean().default(false),
});

/** Body of `POST /v1/rollback`. */
export const rollbackBody = z.strictObject({
  who,
  reason: reason.min(1, 'is needed for the audit'),
  to: target.nullish(),
  region,
});

/** Body of `POST /v1/pause` and `/v1/resume`. */
export const plainBody = z.strictObject({ who, reason: reason.default('') });

/** Body of `POST /v1/reload`: the file is read again, unless another configuration is named. */
export const reloadBody = z
  .strictObject({
    who,
    reason: reason.default(''),
    entry: z.int().positive().optional().describe('what this entry of the history brought into force'),
    text: z
      .string()
      .min(1)
      .max(LIMITS.configBytes)
      .optional()
      .describe('cutover.yaml; its relative paths start at the file'),
  })
  .refine(({ entry, text }) => entry === undefined || text === undefined, 'takes entry or text, not both');

/** Body of `POST /v1/hand-over`: a supervisor whose workers serve already asks this one to let go. */
export const handOverBody = z.strictObject({
  who,
  pid: z.int().min(2).describe('the process that takes over'),
  started: z.string().min(1).max(LIMITS.reasonChars).describe('when it was started, as the system says'),
  build: z.string().min(1).max(64).describe('its build'),
});

/** What `POST /v1/hand-over` answers: lock, lease and admin address are free. */
export const handOverSchema = z.strictObject({
  schemaVersion: z.literal(1),
  pid: count.describe('the process that let go'),
  build: z.string(),
});

/** Body of `POST /v1/bypass`. */
export const bypassBody = z.strictObject({ who, reason: reason.default(''), on: z.boolean().default(true) });

/** What a command that was carried out answers. */
export const appliedSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    changed: z.boolean().describe('false: it was so already; entry is the newest one'),
    stored: z.boolean().describe('false: in effect on this node, stored when the store is back'),
    survivesRestart: z.boolean().describe('false: a restart forgets it'),
    inEffect: z.boolean().describe('every worker runs on it'),
    missingPids: z
      .array(count)
      .describe('workers that do not yet; after rollback and bypass they are replaced'),
    needRestart: z.array(z.string()).describe('keys of the file that keep their old value until a restart'),
    warnings: z.array(z.string()).describe('for people: what else did not go as it should'),
    rollout: z.strictObject({
      phase,
      step: count,
      sequence: count,
      epoch: count,
      paused: z.boolean(),
      bypass: z.boolean(),
      sinceMs: count,
      lastGood: position,
    }),
    entry: historyEntrySchema,
  })
  .meta({ title: 'Cutover command' });

/** What every refusal and failure answers. */
export const errorSchema = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    message: z.string(),
    hint: z.string().nullable(),
    exitCode: z.int().min(1).max(143).describe('see cutover help exit-codes'),
    detail: z
      .string()
      .optional()
      .describe('for people, such as every problem of a configuration with its line'),
  }),
});

/** One event of `GET /v1/events`; its kinds grow, so its fields are not listed here. */
export const eventSchema = z.strictObject({
  sequence: count,
  atMs: count,
  event: z.looseObject({ type: z.string() }),
});

export type HandOverBody = z.infer<typeof handOverBody>;
export type HandOverAnswer = z.infer<typeof handOverSchema>;
export type AppliedAnswer = z.infer<typeof appliedSchema>;
export type ErrorAnswer = z.infer<typeof errorSchema>;
