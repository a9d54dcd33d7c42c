import { z } from 'zod';
import {
  captureSchema,
  endpointCountsSchema,
  laneStatusesSchema,
  replayClassSchema,
  replayCountsSchema,
} from '../replay/state-schema.ts';

const count = z.int().nonnegative();
const ms = z.number().nonnegative();
const quantiles = z.strictObject({
  samples: count,
  p50Ms: ms.nullable(),
  p90Ms: ms.nullable(),
  p99Ms: ms.nullable(),
  p999Ms: ms.nullable(),
});

/** The report of a replay as JSON. Two runs that got the same answers differ in `times` alone. */
export const replayReportSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    kind: z.literal('replay'),
    build: z.string(),
    label: z.string().describe('what a census says, and what it does not'),
    complete: z.boolean().describe('false: it was interrupted'),
    capture: z.strictObject({
      ...captureSchema.shape,
      others: count.describe('records that are no requests: recorded answers, comments'),
      cut: z.string().nullable().describe('why a compressed capture ended before its end'),
    }),
    settings: z
      .record(z.string(), z.string())
      .describe('what makes another replay: lanes, seed, writes, session, host, limit'),
    counts: replayCountsSchema,
    coverage: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .describe('judged pairs of all requests that should have been; null without any'),
    lanes: z.strictObject({
      legacy: laneStatusesSchema.describe('answers by status, or by the code of a failure'),
      candidate: laneStatusesSchema,
    }),
    rules: z
      .array(
        z.strictObject({
          id: z.string(),
          path: z.string(),
          action: z.string(),
          reason: z.string(),
          hidden: count.describe('differences that it hid; 0: it matches nothing here'),
        }),
      )
      .describe('rules about differences that held'),
    endpoints: z.array(z.strictObject({ endpoint: z.string(), ...endpointCountsSchema.shape })),
    classes: z
      .array(
        z.strictObject({
          ...replayClassSchema.shape,
          reproduce: z.strictObject({ legacy: z.string(), candidate: z.string() }),
        }),
      )
      .describe('classes of differences, largest first'),
    times: z.strictObject({
      startedAtMs: count.describe('milliseconds since the Unix epoch'),
      elapsedMs: ms,
      sentPerSecond: ms,
      behind: quantiles.describe('how late requests were sent against the pace of the replay'),
      latency: z
        .strictObject({ legacy: quantiles, candidate: quantiles })
        .describe('requests that both lanes answered'),
    }),
  })
  .meta({ title: 'Cutover replay report' });

export type ReplayReport = z.infer<typeof replayReportSchema>;
