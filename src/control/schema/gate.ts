import { z } from 'zod';
import { PHASES } from '../../core/snapshot.ts';
import { METRICS, REASONS, REQUIREMENTS, VERDICTS } from '../../rollout/gates/types.ts';

const count = z.int().nonnegative();
const position = z.strictObject({ phase: z.enum(PHASES), step: count });
const reason = z.enum(REASONS);
const eta = z
  .number()
  .nullable()
  .describe('seconds if everything goes on as it does; null: it would not come');

const metric = z.strictObject({
  metric: z.enum(METRICS),
  direction: z
    .enum(['shadow', 'reverse'])
    .nullable()
    .describe('null: users of the cohorts instead of pairs, counted in n, plus and minus'),
  region: z.string().nullable().describe('null: all regions together'),
  n: count.describe('pairs, or users'),
  plus: count.describe('pairs in which only the candidate was bad'),
  minus: count.describe('pairs in which only legacy was bad'),
  estimate: z.number().nullable().describe('excess of the candidate, a fraction; null without pairs'),
  interval: z
    .tuple([z.number(), z.number()])
    .nullable()
    .describe('95 % confidence sequence of the excess: it holds however often it is looked at'),
  margin: z.number().describe('tolerated excess, a fraction'),
  logAdvance: z.number().describe('natural logarithm of the evidence that the excess is below the margin'),
  needAdvance: z.number().nullable().describe('what is needed of it; null: no proof is asked for here'),
  logAbort: z
    .number()
    .describe(
      'natural logarithm of the evidence, window by window, for worse: the largest so far in this epoch',
    ),
  needAbort: z.number(),
  logAlarm: z.number().describe('the same of the windows since it last began anew: what became worse lately'),
  needAlarm: z.number(),
  culprit: z.string().nullable().describe('of an abort, the route that speaks against the candidate most'),
  verdict: z.enum(VERDICTS),
  reason,
  etaS: eta,
});

const requirement = z.strictObject({
  name: z.enum(REQUIREMENTS),
  met: z.boolean(),
  reason,
  message: z.string(),
  etaS: eta,
});

const coverage = z.strictObject({
  route: z.string(),
  critical: z.boolean(),
  methods: z.enum(['read', 'write']).describe('GET, HEAD and OPTIONS; all others'),
  requests: count,
  share: z.number().describe('of all requests of the epoch'),
  pairs: count.describe('pairs that are evidence'),
  users: count.optional().describe('users of both cohorts who asked for what cannot be paired'),
  by: z.enum(['pairs', 'cohort', 'unproven']),
});

/** The gates of a position: part of the status, and what `cutover gate --json` prints. */
export const gateReportSchema = z.strictObject({
  verdict: z.enum(VERDICTS),
  reason,
  message: z.string().describe('why, in one sentence'),
  phase: z.enum(PHASES),
  step: count,
  region: z.string().nullable(),
  epoch: count,
  next: position.nullable().describe('where advance would go'),
  approval: z.boolean().describe('a person must agree before it moves on'),
  automatic: z.boolean().describe('it moves on by itself when it is ready'),
  action: z
    .strictObject({ to: position, region: z.string().nullable() })
    .nullable()
    .describe('what an abort does: the whole rollout goes back (region null), or one region alone'),
  fromMs: count,
  toMs: count,
  windows: count,
  metrics: z.array(metric),
  requirements: z.array(requirement),
  coverage: z.array(coverage),
  pairsPerSecond: z.number().nullable(),
  etaS: eta,
  evidenceHash: z.string().describe('SHA-256 of the counts that were looked at'),
});

/** What `cutover gate --json` prints. */
export const gateSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    atMs: count.describe('milliseconds since the Unix epoch'),
    exitCode: z
      .int()
      .describe('the verdict as an exit code: 0 ready, 3 abort, 4 hold or inconclusive, 7 invalid'),
    gate: gateReportSchema,
  })
  .meta({ title: 'Cutover gate' });

export type GateAnswer = z.infer<typeof gateSchema>;
export type StatusGate = z.infer<typeof gateReportSchema>;
