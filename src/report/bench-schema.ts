import { z } from 'zod';

const positive = z.number().positive();
const count = z.int().nonnegative();
const milliseconds = z.number().nonnegative().nullable();
const interval = z.tuple([z.number(), z.number()]).nullable();
const reason = z.string().nullable().describe('why there are no figures; null: there are');

const row = z.strictObject({
  work: z.string().describe('what was done: plain-1k, plain-20k, shadow-10, …'),
  subject: z.string().describe('who did it: cutover, nginx, haproxy, node:http, …'),
  reason,
  reqPerCpuSec: positive
    .nullable()
    .describe('requests per CPU-second of all its processes; null: not measurable here'),
  reqPerSec: positive.nullable(),
  ratioOf: z.enum(['reqPerCpuSec', 'reqPerSec']).describe('what the ratio is taken of'),
  ratioToNginx: positive.nullable().describe('to nginx doing the same work, within interleaved runs'),
  interval: z.tuple([positive, positive]).nullable().describe('95 % interval of the ratio'),
  p50Ms: milliseconds,
  p99Ms: milliseconds,
  p999Ms: milliseconds,
  rssMb: positive.nullable().describe('resident memory of all its processes at the end, 10^6 bytes'),
  pssMb: positive.nullable().describe('the same with shared pages split over those who share them'),
  workerRssMb: positive.nullable().describe('resident memory of its largest worker'),
  processes: count.describe('fresh processes that were measured; 0: not measurable here'),
  windows: count.describe('measured windows behind the row'),
  dropped: count.describe('windows left out because others took too much of the machine'),
  errors: count.describe('broken connections and answers that are errors, in the measured windows'),
});

const ratio = z.strictObject({
  of: z.enum(['p99', 'throughput']),
  state: z.string().describe('divided by the first state'),
  ratio: positive.nullable(),
  interval,
  turns: count.describe('turns whose windows were both measured'),
  passed: z
    .boolean()
    .nullable()
    .describe('the interval holds 1 or its bad end is within the tolerance of it; null: no interval'),
});

const toggle = z
  .strictObject({
    work: z.string(),
    tolerance: positive.describe('how far the bad end of an interval may be from 1'),
    subject: z.string(),
    reason,
    turns: count,
    windows: count,
    dropped: count,
    errors: count,
    states: z.array(
      z.strictObject({
        state: z.enum(['off', 'on', 'hung', 'uncompared', 'compared', 'users', 'forged', 'unsigned']),
        windows: count,
        reqPerSec: positive.nullable(),
        p99Ms: milliseconds,
        copies: z
          .number()
          .nullable()
          .describe('copies for each request; for hung: connections opened for them'),
        flooded: z
          .number()
          .nullable()
          .optional()
          .describe('forged tokens that were answered in a second beside the requests'),
      }),
    ),
    ratios: z.array(ratio),
  })
  .describe('clients of one process that is switched from state to state');

const overload = z
  .strictObject({
    work: z.string(),
    subject: z.string(),
    guard: z.enum(['on', 'off']).describe('limits.loopDelay as it is if left out, or 0ms'),
    reason,
    processes: count.describe('fresh workers that were flooded; 0: not measurable here'),
    dropped: count.describe('floods left out: disturbed, or the load could not ask for enough'),
    errors: count.describe('broken connections, and answers that are neither success nor 503'),
    capacityPerSecond: positive.nullable().describe('served a second at saturation'),
    offered: positive.nullable().describe('asked for, over the capacity'),
    served: z.number().nonnegative().nullable().describe('served, over the capacity'),
    refusedShare: z.number().nonnegative().nullable().describe('answered 503 by the guard, of all answers'),
    busyShare: z.number().nonnegative().nullable().describe('answered 503 for want of a connection'),
    p50Ms: milliseconds.describe('of the served alone'),
    p99Ms: milliseconds,
  })
  .describe('a worker that is asked for three times what it can serve');

const target = z.strictObject({
  work: z.string(),
  subject: z.string(),
  target: z.string().describe('the promise in words'),
  figure: z.number().nullable(),
  interval,
  state: z.enum(['met', 'missed', 'not measured']),
  note: z.string(),
});

/** What `npm run bench` writes. */
export const benchSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    machine: z.strictObject({
      cpu: z.string(),
      cores: z.int().positive(),
      memoryMb: positive,
      os: z.string(),
      node: z.string(),
      nginx: z.string().nullable(),
      haproxy: z.string().nullable(),
    }),
    rows: z.array(row),
    toggles: z.array(toggle),
    overloads: z.array(overload),
    targets: z.array(target),
  })
  .meta({ title: 'Cutover benchmark' });

export type Bench = z.infer<typeof benchSchema>;
