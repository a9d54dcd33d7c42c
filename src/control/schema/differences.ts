import { z } from 'zod';
import { DIFFERENCE_KINDS } from '../../core/observation.ts';
import { CLASS_REASONS, CLASS_VERDICTS } from '../../telemetry/class-verdict.ts';

const count = z.int().nonnegative();

const difference = z.strictObject({
  kind: z.enum(DIFFERENCE_KINDS),
  path: z.string(),
  legacy: z.string().nullable(),
  candidate: z.string().nullable(),
});

const answer = z.strictObject({ status: count, bodyBytes: count, totalUs: z.int() });

const example = z.strictObject({
  requestId: z.string(),
  atMs: count,
  direction: z.enum(['shadow', 'reverse']),
  epoch: count,
  method: z.string(),
  target: z.string().describe('path with its query, values masked'),
  difference,
  others: z.array(difference).optional().describe('what else differed in this pair'),
  request: z
    .array(z.tuple([z.string(), z.string()]))
    .optional()
    .describe('fields of the request, secrets masked'),
  legacy: answer.optional(),
  candidate: answer.optional(),
});

const bounds = z
  .strictObject({ estimate: z.number(), low: z.number(), high: z.number() })
  .describe('a share with its confidence sequence: it holds however often it is looked at');

const latency = z.strictObject({
  samples: count,
  p50Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
});

const judgement = z
  .strictObject({
    verdict: z.enum(CLASS_VERDICTS),
    reason: z
      .enum(CLASS_REASONS)
      .describe(
        'EXCESS: the candidate shows it more often than legacy itself; PATTERN: its values go another way; NOISE: legacy itself shows it; TOO_FEW and NO_TRIPLES: not enough to tell',
      ),
    pattern: z
      .string()
      .nullable()
      .describe('what the values do that the noise of legacy does not, for PATTERN'),
    epoch: count,
    pairs: count.describe('pairs of this epoch that showed it'),
    ofPairs: count.describe('of so many at its endpoint'),
    share: bounds.nullable(),
    triples: count.describe(
      'requests of its endpoint answered by legacy, by the candidate and by legacy again',
    ),
    plus: count.describe('of these: only the candidate differed'),
    minus: count.describe('only the second answer of legacy did'),
    both: count,
    candidate: bounds.nullable().describe('share of triples in which the candidate differs'),
    noise: bounds.nullable().describe('in which legacy differs from itself'),
    excess: bounds.nullable().describe('the difference of the two'),
    latency: z.strictObject({ legacy: latency, candidate: latency }).describe('of the pairs that showed it'),
  })
  .describe('what the pairs of the current epoch say about it');

const differenceClass = z.strictObject({
  id: z.string(),
  route: z.string(),
  endpoint: z.string(),
  kind: z.enum(DIFFERENCE_KINDS),
  path: z.string(),
  count,
  firstSeenMs: count,
  lastSeenMs: count,
  example: example.nullable().describe('the first pair that showed it'),
  absent: z
    .enum(['not_seen', 'hidden', 'many_places', 'unjudged'])
    .optional()
    .describe(
      'why it has no judgement: not seen in this epoch; hidden by a rule now; it stands for many places, which is no one question; too many others are judged',
    ),
  judgement: judgement.optional().describe('not there when the current epoch has not seen it'),
});

/** What `cutover differences --json` prints: classes, largest first. */
export const differencesSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    compared: count.describe('pairs compared since the store was made'),
    total: count.describe('classes known'),
    lost: z
      .strictObject({
        gaveWay: count.describe('classes that made room for newer ones'),
        unjudged: count.describe('times that a class found no room among those with a verdict'),
      })
      .optional()
      .describe('classes of this epoch that the list lacks, since the gateway started'),
    matching: count
      .optional()
      .describe('classes that match what was asked for, of the largest 1,000; there only when something was'),
    classes: z.array(differenceClass),
    verdicts: z
      .record(z.enum(CLASS_VERDICTS), count)
      .optional()
      .describe('classes of this epoch by verdict; classes that only legacy itself shows count too'),
    proposals: z
      .array(
        z.strictObject({
          class: z.string(),
          endpoint: z.string(),
          path: z.string(),
          kind: z.enum(DIFFERENCE_KINDS),
          rule: z
            .string()
            .describe('the rule that would ignore it, as YAML; it is in effect only when accepted'),
        }),
      )
      .optional()
      .describe('rules that were learned: classes that legacy itself shows as often'),
    rules: z
      .array(
        z.strictObject({
          id: z.string(),
          path: z.string(),
          endpoints: z.array(z.string()).describe('empty: every endpoint'),
          does: z.string().describe('ignore, round, …'),
          reason: z.string(),
          owner: z.string().nullable(),
          expiresMs: count.nullable(),
          pairs: count.describe('pairs of this epoch in which it hid a difference; 0: a dead rule, so far'),
        }),
      )
      .optional()
      .describe('the rules in force, and what they hid'),
    ignored: count
      .optional()
      .describe('pairs of this epoch in which nothing differs but what rules hide: they are no agreement'),
  })
  .meta({ title: 'Cutover differences' });

/** What `cutover differences show ID --json` prints. */
export const differenceDetailSchema = z.strictObject({
  schemaVersion: z.literal(1),
  class: differenceClass,
  smallest: example.nullable().optional().describe('the pair with the smallest bodies that showed it'),
  latest: example.nullable().optional(),
  proposal: z
    .string()
    .nullable()
    .optional()
    .describe('the rule that would ignore it, for a class that is noise'),
  reproduce: z
    .strictObject({
      legacy: z.string(),
      candidate: z.string(),
      missing: z
        .array(z.string())
        .describe('what was not kept: masked fields and places, the body of a write')
        .optional(),
    })
    .nullable()
    .describe('a curl command for each lane'),
});

export type Differences = z.infer<typeof differencesSchema>;
export type DifferenceDetail = z.infer<typeof differenceDetailSchema>;

/** What `cutover differences replay ID --json` prints. */
export const replayedSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    class: z.string(),
    request: z.string().describe('method and target that were asked'),
    differs: z.boolean().describe('whether the class still shows'),
    differences: z.array(difference).describe('everything that differs now'),
    legacy: answer,
    candidate: answer,
    missing: z.array(z.string()).describe('masked fields that were left out'),
  })
  .meta({ title: 'Cutover replay of one example' });

/** What `cutover differences ignore ID --json` prints. */
export const ignoredSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    class: z.string(),
    file: z.string(),
    rule: z.string().describe('as it was written'),
    changed: z.boolean(),
  })
  .meta({ title: 'Cutover ignore rule' });

export type Judgement = z.infer<typeof judgement>;
export type Example = z.infer<typeof example>;
export type Replayed = z.infer<typeof replayedSchema>;
export type Ignored = z.infer<typeof ignoredSchema>;
