import { z } from 'zod';
import { PHASES } from '../core/snapshot.ts';

const field = z.strictObject({
  name: z.string(),
  value: z.string().nullable().describe('null when each value will do'),
});

const route = z.strictObject({
  name: z.string(),
  host: z.string().nullable(),
  kind: z.enum(['exact', 'template', 'prefix', 'regex']),
  path: z.string(),
  methods: z.array(z.string()),
  headers: z.array(field),
  query: z.array(field),
  upstream: z.string(),
  edgeFilters: z.array(z.string()),
  filters: z.array(z.string()).describe('of the candidate lane'),
});

/** What `cutover routes --json` prints: routes in the order in which they are asked. */
export const routesSchema = z
  .strictObject({ schemaVersion: z.literal(1), file: z.string(), routes: z.array(route) })
  .meta({ title: 'Cutover routes' });

export type RouteLine = z.infer<typeof route>;

/** What `cutover routes explain --json` prints. */
export const explanationSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    request: z.strictObject({
      method: z.string(),
      host: z.string(),
      path: z.string().describe('normalised: the form that is matched and forwarded'),
      query: z.string(),
      from: z.string().describe('address of the client'),
      region: z.string(),
    }),
    readings: z.array(z.string()).describe('every way in which servers read the path; one for most'),
    route: route.nullable().describe('null: none matches'),
    guardedBy: z.array(z.string()).describe('filters of other routes whose path this is for some servers'),
    others: z
      .array(z.strictObject({ name: z.string(), why: z.string() }))
      .describe('the other routes in their order, with the condition on which each lost'),
    state: z.strictObject({
      source: z.enum(['gateway', 'configuration']).describe('the running gateway, or the first phase'),
      phase: z.enum(PHASES),
      bypass: z.boolean(),
      sameConfiguration: z
        .boolean()
        .nullable()
        .describe('whether the gateway runs this configuration; null: none runs'),
    }),
    lane: z.enum(['legacy', 'candidate']),
    why: z.string(),
    copy: z.strictObject({
      eligible: z.boolean(),
      reason: z.string().nullable().describe('why it is never copied'),
      share: z.number().describe('0 to 1, of the requests like this one that are copied to the other lane'),
    }),
    upstream: z
      .strictObject({ name: z.string(), balance: z.string(), servers: z.array(z.string()) })
      .nullable()
      .describe('of the lane that answers'),
  })
  .meta({ title: 'Cutover routes explain' });

export type Explanation = z.infer<typeof explanationSchema>;
