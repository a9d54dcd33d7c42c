import { z } from 'zod';
import { PHASES } from '../../core/snapshot.ts';
import { PAIR_METRICS } from '../../telemetry/types.ts';
import { gateReportSchema } from './gate.ts';

const count = z.int().nonnegative();
const phase = z.enum(PHASES);
const position = z.strictObject({ phase, step: count });

/** Latency in milliseconds; null below the number of samples that makes the quantile meaningful. */
const latency = z.strictObject({
  samples: count,
  p50Ms: z.number().nullable(),
  p90Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  p999Ms: z.number().nullable(),
});

const lane = z.strictObject({
  requests: count,
  bad: count,
  abandoned: count.describe('of requests: the client gave up before the answer was complete'),
  failures: z.record(z.string(), count).describe('failures of the lane, by code'),
  badRatio: z.number().nullable().describe('bad / requests, null without requests'),
  perSecond: z.number(),
  latency,
});

const joint = z.strictObject({
  n: count,
  plus: count.describe('pairs in which only the candidate was bad'),
  minus: count.describe('pairs in which only legacy was bad'),
});

const accounting = z
  .strictObject({
    eligible: count,
    notSampled: count,
    sampled: count,
    dropped: count,
    tooLarge: count,
    candidateSaturated: count,
    sent: count,
    compared: count,
    shadowFailed: count,
    timedOut: count,
    clientAborted: count,
    responseTooLarge: count,
    diffDropped: count,
    pending: count,
  })
  .describe(
    'eligible = notSampled + sampled; sampled = dropped + tooLarge + candidateSaturated + sent; sent = the rest',
  );

const noise = z
  .strictObject({
    chosen: count,
    dropped: count,
    sent: count,
    compared: count,
    failed: count,
    timedOut: count,
    clientAborted: count,
    responseTooLarge: count,
    diffDropped: count,
    pending: count,
    triples: z
      .strictObject({
        n: count,
        plus: count.describe('the candidate showed a class that the second legacy answer did not'),
        minus: count.describe('the reverse'),
      })
      .describe('requests answered by legacy, by the candidate and by legacy again, all of them compared'),
  })
  .describe('noise legs: legacy asked again; chosen = dropped + sent; sent = the rest');

const pairs = z.strictObject({
  accounting,
  rateCapped: count.describe('of notSampled: in the sample, and over the cap on copies a second'),
  excluded: count.describe('pairs that are counted and are no evidence: the first ones after a start'),
  ignoredPairs: count.describe('of compared: nothing differs but what rules hide; they are no agreement'),
  ignored: z.record(z.string(), count).describe('pairs in which a rule hid a difference, by rule'),
  failures: z.record(z.string(), count).describe('why copies failed or timed out, by code'),
  joint: z.strictObject(
    Object.fromEntries(PAIR_METRICS.map((metric) => [metric, joint])) as Record<
      (typeof PAIR_METRICS)[number],
      typeof joint
    >,
  ),
  noise: noise.optional().describe('not there without noise legs'),
});

const rule = z.strictObject({
  id: z.string(),
  path: z.string(),
  endpoints: z.array(z.string()).describe('where it holds; empty: everywhere'),
  does: z.string().describe('ignore, round to 2, …'),
  reason: z.string(),
  owner: z.string().nullable(),
  expiresMs: count.nullable(),
  pairs: count.describe('pairs of this epoch in which it hid a difference'),
});

const worker = z.strictObject({
  slot: count,
  pid: count,
  state: z.enum(['starting', 'serving', 'draining', 'down']),
  acknowledgedRevision: z.int(),
  restarts: count,
  connections: count,
  exchanges: count,
  rssBytes: count,
  loopDelayMs: z.number(),
});

/** What `cutover status --json` prints and `GET /v1/status` answers. */
export const statusSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    product: z.literal('cutover'),
    build: z.string(),
    atMs: count.describe('milliseconds since the Unix epoch'),
    startedAtMs: count,
    rollout: z.strictObject({
      phase,
      step: count,
      steps: count.describe('number of steps of the regional phase'),
      sinceMs: count,
      paused: z.boolean(),
      bypass: z.boolean(),
      epoch: count,
      epochSinceMs: count.describe('when the epoch began: dwell counts from here'),
      sequence: count,
      lastGood: position,
      withdrawn: z.array(z.string()).describe('regions that were taken back alone: legacy answers them'),
      ladder: z
        .array(
          z.strictObject({
            phase,
            step: count,
            region: z.string().nullable(),
            share: z.number().nullable(),
          }),
        )
        .describe('every position of the plan in its order; region and share of regional steps'),
    }),
    gate: gateReportSchema.describe('the gates of this position, now'),
    shares: z.array(
      z.strictObject({
        region: z.string(),
        desired: z.number().describe('share of users the candidate should answer'),
        actual: z
          .number()
          .nullable()
          .describe('share of requests it answered in the observed time, null without requests'),
        requests: count,
      }),
    ),
    snapshot: z.strictObject({
      revision: count,
      inEffect: z.boolean().describe('every worker acknowledged it'),
      configHash: z.string(),
    }),
    observed: z.strictObject({
      fromMs: count,
      toMs: count,
      windows: count,
    }),
    lanes: z.strictObject({ legacy: lane, candidate: lane }),
    pairLatency: z
      .strictObject({ legacy: latency, candidate: latency })
      .describe('service time of each lane over pairs: the same requests on both lanes'),
    delta: z
      .strictObject({
        p50Ms: z.number().nullable(),
        p90Ms: z.number().nullable(),
        p99Ms: z.number().nullable(),
        p999Ms: z.number().nullable(),
        p99LowMs: z.number().nullable().describe('the p99 delta is not below this (95 %, at any time)'),
        p99HighMs: z
          .number()
          .nullable()
          .describe('nor above this; null: too few pairs, about 2,000 are needed'),
      })
      .describe('candidate minus legacy, over pairs: the same requests on both lanes'),
    pairs: z.strictObject({ shadow: pairs, reverse: pairs }),
    ineligible: z.record(z.string(), count),
    edge: z.record(z.string(), count).describe('requests answered by neither lane, by reason'),
    classes: count.describe('classes of differences known'),
    lostClasses: z
      .strictObject({
        gaveWay: count.describe('classes that made room for newer ones'),
        unjudged: count.describe('times that a class found no room among those with a verdict'),
      })
      .optional()
      .describe('classes of this epoch that the list lacks, since the gateway started'),
    rules: z.array(rule).describe('rules about differences, as they are configured'),
    listeners: z.array(z.strictObject({ address: z.string(), region: z.string().nullable() })),
    workers: z.array(worker),
    store: z.strictObject({ mode: z.enum(['live', 'stale', 'down']), message: z.string().nullable() }),
  })
  .meta({ title: 'Cutover status' });

export type Status = z.infer<typeof statusSchema>;
