import { z } from 'zod';
import { gateReportSchema } from '../control/schema/gate.ts';
import { PHASES } from '../core/snapshot.ts';

const count = z.int().nonnegative();
const position = z.strictObject({ phase: z.enum(PHASES), step: count });
const { verdict, reason, message, approval, epoch } = gateReportSchema.shape;
const eta = gateReportSchema.shape.etaS;

const share = z.strictObject({
  region: z.string(),
  before: z.number().describe('share of users that the candidate should answer now'),
  after: z.number().describe('and after the advance'),
  perSecond: z.number().describe('requests a second of this region in the observed time'),
  moving: z.number().describe('of these, how many go to another lane; negative: back to legacy'),
});

const missing = z.strictObject({
  name: z.string().describe('a metric with its direction and region, or a requirement'),
  message: z.string(),
  etaS: eta,
});

/** What `cutover plan --json` prints: a look at what `advance` would do, and no verdict. */
export const planSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    atMs: count.describe('milliseconds since the Unix epoch'),
    from: position,
    to: position.nullable().describe('null: the rollout is at its end'),
    effect: z.string().describe('what changes, in one sentence'),
    shares: z.array(share),
    perSecond: z.number().describe('requests of clients a second, in the observed time'),
    moving: z.number().describe('of these, how many change their lane by a share of their region'),
    undo: z.string().nullable().describe('the command that takes it back; null: nothing to take back'),
    gate: z.strictObject({ verdict, reason, message, approval, epoch }),
    allowed: z.boolean().describe('advance would be carried out now'),
    refusal: z
      .strictObject({ code: z.string(), message: z.string(), hint: z.string(), exitCode: z.int() })
      .nullable()
      .describe('what advance would answer now'),
    coverage: z.string().describe('how much of the traffic the evidence speaks for, in one line'),
    missing: z.array(missing).describe('evidence and requirements that are still open'),
    etaS: eta,
  })
  .meta({ title: 'Cutover plan' });

export type Plan = z.infer<typeof planSchema>;
