import { z } from 'zod';

const positive = z.number().positive();

const row = z.strictObject({
  work: z.string().describe('what was done: plain, body-20k, mirror-10, …'),
  subject: z.string().describe('who did it: cutover, nginx, haproxy, node:http, …'),
  reqPerCpuSec: positive
    .nullable()
    .describe('requests per CPU-second of all its processes; null: not measurable here'),
  ratioToNginx: positive.nullable().describe('to nginx doing the same work, within interleaved runs'),
  interval: z.tuple([positive, positive]).nullable().describe('95 % interval of the ratio'),
  p50Ms: z.number().nonnegative().nullable(),
  p99Ms: z.number().nonnegative().nullable(),
  rssMb: positive.nullable().describe('resident memory of all its processes at the end, 10^6 bytes'),
  processes: z.int().nonnegative().describe('fresh processes that were measured; 0: not measurable here'),
  windows: z.int().nonnegative().describe('measured windows behind the row'),
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
  })
  .meta({ title: 'Cutover benchmark' });

export type Bench = z.infer<typeof benchSchema>;
