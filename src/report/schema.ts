import { z } from 'zod';
import { DIFFERENCE_KINDS } from '../core/observation.ts';
import { differencesSchema } from '../control/schema/differences.ts';
import { statusSchema } from '../control/schema/status.ts';

const count = z.int().nonnegative();
const { lanes, delta, pairs, ineligible, edge, rollout, product, build } = statusSchema.shape;
const { accounting, joint } = pairs.shape.shadow.shape;
const { legacy, candidate } = lanes.shape;

const meta = z.strictObject({
  product,
  build,
  madeAtMs: count.describe('milliseconds since the Unix epoch'),
  source: z
    .enum(['live', 'replay'])
    .describe('windows of a running gateway, or a census of captured requests'),
  fromMs: count,
  toMs: count,
  windows: count,
  windowMs: count.describe('width of one window'),
  configHash: z.string(),
});

const jointRow = z.strictObject({
  route: z.string(),
  region: z.string(),
  direction: z.enum(['shadow', 'reverse']),
  accounting,
  joint,
});

const pairLatency = z
  .strictObject({ legacy: legacy.shape.latency, candidate: legacy.shape.latency, delta })
  .describe('the same requests on both lanes; candidate minus legacy');

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

/** The report as JSON: the source of every other format. It states what was measured and judges nothing. */
export const reportSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    meta,
    rollout: rollout.describe('where the rollout stood when the report was made'),
    lanes: z.strictObject({ legacy, candidate }).describe('answers to clients'),
    pairLatency: z.strictObject({ shadow: pairLatency, reverse: pairLatency }),
    accounting: z.strictObject({ shadow: accounting, reverse: accounting }),
    joint: z.array(jointRow).describe('joint outcomes by route, region and direction'),
    ineligible,
    edge,
    compared: count.describe('pairs compared'),
    classes: differencesSchema.shape.classes.describe('classes of differences, largest first'),
    classesTotal: count.describe('classes known, shown or not'),
    legacyOnly: z.array(legacyOnly),
  })
  .meta({ title: 'Cutover report' });

export type Report = z.infer<typeof reportSchema>;
