import { z } from 'zod';
import { differenceDetailSchema, differencesSchema } from '../control/schema/differences.ts';
import { gateInputSchema } from '../control/schema/gate-input.ts';
import { gateReportSchema } from '../control/schema/gate.ts';
import { historySchema } from '../control/schema/history.ts';
import { statusSchema } from '../control/schema/status.ts';
import { DIFFERENCE_KINDS } from '../core/observation.ts';

const count = z.int().nonnegative();
const { product, build, rollout, shares, lanes, pairLatency, delta, pairs, ineligible, edge } =
  statusSchema.shape;
const { intact, total, entries } = historySchema.shape;

const meta = z.strictObject({
  product,
  build,
  madeAtMs: count.describe('milliseconds since the Unix epoch'),
  source: z
    .enum(['live', 'replay'])
    .describe('windows of a running gateway, or a census of captured requests'),
  fromMs: count.describe('of what the lanes and pairs were observed in; the gate has its own span'),
  toMs: count,
  windows: count,
  epoch: count,
  configHash: z.string(),
});

const legacyOnly = z
  .strictObject({
    class: z.string().describe('id of the class of differences'),
    endpoint: z.string(),
    kind: z.enum(DIFFERENCE_KINDS),
    path: z.string(),
    count,
    legacy: z.string().nullable().describe('what legacy sent, masked; null without an example'),
  })
  .describe('something that legacy did and the candidate did not: a header, a field, a redirect');

/** The report as JSON: the source of every other format. It says what was measured, and what the gates make of it. */
export const reportSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    meta,
    gate: gateReportSchema,
    gateInput: gateInputSchema,
    rollout: rollout.describe('where the rollout stood when the report was made'),
    shares,
    lanes: lanes.describe('answers to clients'),
    pairLatency: z
      .strictObject({ ...pairLatency.shape, delta })
      .describe('the same requests on both lanes; candidate minus legacy'),
    pairs,
    ineligible,
    edge,
    compared: count.describe('pairs compared since the store was made'),
    classes: differencesSchema.shape.classes.describe('classes of differences, largest first'),
    classesTotal: count.describe('classes known, shown or not'),
    example: differenceDetailSchema
      .nullable()
      .describe('the largest class, with a curl command for each lane'),
    legacyOnly: z.array(legacyOnly),
    history: z
      .strictObject({ intact, total, entries: entries.describe('the newest, newest last') })
      .describe('the tail of the audit'),
  })
  .meta({ title: 'Cutover report' });

export type Report = z.infer<typeof reportSchema>;
