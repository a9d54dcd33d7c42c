import { z } from 'zod';
import { differencesSchema } from '../control/schema/differences.ts';
import { gateReportSchema } from '../control/schema/gate.ts';
import { historySchema } from '../control/schema/history.ts';
import { statusSchema } from '../control/schema/status.ts';
import { OPERATORS } from './schema-expect.ts';

const count = z.int().nonnegative();
const counts = z.record(z.string(), count);
const latency = z.number().nullable();

const client = z
  .strictObject({
    requests: count,
    errors: count.describe('requests without a complete answer'),
    errorCodes: counts,
    statuses: counts.describe('answers by status'),
    bad: count.describe('errors, and answers with a status of 500 or more'),
    p50Ms: latency,
    p99Ms: latency,
    maxMs: latency,
  })
  .describe('what clients saw; latency counts from the moment a request was due');

const exit = z.strictObject({
  run: z.string(),
  expected: count,
  code: count.nullable().describe('null: it was not run, or was cut short'),
  ok: z.boolean(),
  tookMs: count,
  output: z.string().describe('what it printed, shortened'),
});

const gates = z.strictObject({
  epoch: count,
  position: z.string().describe('shadow, canary, regional/1 for the first regional step, …'),
  verdicts: z.array(z.string()).describe('in the order they were seen'),
  verdict: z.string(),
  reason: z.string(),
  message: z.string(),
  report: gateReportSchema.describe('the last one seen'),
});

const expectation = z.strictObject({
  name: z.string(),
  path: z.string(),
  op: z.enum(OPERATORS),
  expected: z.unknown(),
  actual: z.unknown(),
  ok: z.boolean(),
});

/** What `cutover rehearse FILE --json` prints. */
export const rehearsalSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    scenario: z.string(),
    seed: count,
    ok: z.boolean().describe('every expectation and every exit code is what it should be'),
    legacy: z.string().describe('what was the legacy lane: embedded, or nginx and its version'),
    durationMs: count,
    ended: z.enum(['actions', 'traffic', 'limit']).describe('limit: it took longer than the scenario allows'),
    expectations: z.array(expectation),
    client,
    exits: z.array(exit),
    phases: z.array(z.string()).describe('every position in the order it was entered'),
    gates: z.array(gates).describe('the gates of every epoch'),
    status: statusSchema.nullable().describe('the last status; null: the gateway did not give one'),
    history: historySchema.nullable(),
    differences: differencesSchema.nullable(),
    upstreams: z.record(
      z.string(),
      z
        .strictObject({
          requests: count,
          copies: count.describe('of requests: copies of the gateway'),
          originals: count.describe('the other requests: clients got their answers'),
        })
        .nullable()
        .describe('null: a real NGINX'),
    ),
    folder: z.string().nullable().describe('database, logs and configuration, where they were kept'),
  })
  .meta({ title: 'Cutover rehearsal' });

export type RehearsalResult = z.infer<typeof rehearsalSchema>;
export type ExitResult = z.infer<typeof exit>;
export type GatesSeen = z.infer<typeof gates>;
