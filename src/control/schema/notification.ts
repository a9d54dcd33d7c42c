import { z } from 'zod';
import { PHASES } from '../../core/snapshot.ts';
import { REASONS, VERDICTS } from '../../rollout/gates/types.ts';

const count = z.int().nonnegative();
const phase = z.enum(PHASES);
const text = z.string();
const build = z.strictObject({ pid: count, build: text });

/** What each kind of event says of itself: the fields of the event stream, without its type. */
const DATA = {
  transition: z
    .strictObject({
      from: phase,
      to: phase,
      fromStep: count.describe('index of a regional step, 0 in every other phase'),
      toStep: count,
      region: text.nullable().describe('null: the whole rollout; else the one region that was moved alone'),
      who: text.describe('gate: the gates rolled back by themselves'),
      reason: text,
    })
    .describe('the rollout was advanced or rolled back'),
  kill_switch: z.strictObject({ on: z.boolean(), who: text, reason: text }),
  gate: z
    .strictObject({ verdict: z.enum(VERDICTS), reason: z.enum(REASONS), message: text, phase, epoch: count })
    .describe('the verdict is another one'),
  new_class: z
    .strictObject({ id: text, endpoint: text, kind: text, path: text })
    .describe('a class of differences that was not seen before; 20 a minute at the most'),
  config: z
    .strictObject({ hash: text, accepted: z.boolean(), problems: count })
    .describe('a configuration was refused: the old one stays in force'),
  worker_down: z
    .strictObject({ pid: count, slot: count, how: text, retryInMs: count })
    .describe('a worker process was lost'),
  worker_slow: z.strictObject({ pid: count, slot: count, loopDelayMs: z.number() }),
  snapshot_late: z
    .strictObject({ revision: count, missing: z.array(count).describe('workers that did not take it') })
    .describe('a change is not in effect everywhere'),
  hand_over: z.strictObject({
    outcome: z.enum(['taken', 'taken_back']),
    pid: count,
    build: text,
    from: build,
    forced: z.boolean(),
    who: text,
  }),
  store: z.strictObject({ ok: z.boolean(), message: text }).describe('the store failed, or works again'),
} as const;

const common = {
  schemaVersion: z.literal(1),
  timestamp: z.iso.datetime().describe('when it happened; webhook-timestamp is when it was sent'),
  sequence: count.describe('its number in the event stream: GET /v1/events?after= has what was missed'),
  node: z.strictObject({ host: text, region: text, build: text }).describe('the gateway'),
  summary: text.describe('one line for people'),
};

const kinds = (Object.keys(DATA) as (keyof typeof DATA)[]).map((type) =>
  z.strictObject({ ...common, type: z.literal(type), data: DATA[type] }),
);
const [first, ...others] = kinds;

/** The body of one webhook. */
export const notificationSchema = z
  .discriminatedUnion('type', [first as NonNullable<typeof first>, ...others])
  .meta({ title: 'Cutover notification' });

export type Notification = z.infer<typeof notificationSchema>;
