import { z } from 'zod';
import type { CanaryMatch } from '../../core/snapshot.ts';
import { PHASES } from '../../core/snapshot.ts';
import { TRIPPED_BY } from '../../rollout/gates/breaker.ts';
import type { GateInput } from '../../rollout/gates/decide.ts';
import { exactJson, exactNumber, fromExactJson, toExactJson } from './exact-json.ts';
import { statusSchema } from './status.ts';

const count = z.int().nonnegative();
const position = z.strictObject({ phase: z.enum(PHASES), step: count });
const joint = grows({ n: count, plus: count, minus: count });
const lasting = {
  dwellMs: exactNumber,
  maxDurationMs: exactNumber,
  approval: z.boolean(),
  automatic: z.boolean(),
};

/**
 * What every build has, checked; and whatever a build adds to it, as it is: `decide` is given all of it. A field that
 * the gates learn to read needs no line here.
 */
function grows<T extends z.core.$ZodShape>(shape: T) {
  return z.object(shape).catchall(exactJson);
}

const keptState = grows({
  ...position.shape,
  schemaVersion: z.literal(1),
  sequence: count,
  paused: z.boolean(),
  bypass: z.boolean(),
  epoch: count,
  epochSinceMs: count,
  sinceMs: count,
  lastGood: position,
  withdrawn: z.array(z.string()),
  shares: z.record(z.string(), exactNumber),
  provenFor: z.string().nullable(),
  legacyErrorRate: exactNumber,
  configHash: z.string(),
  build: z.string(),
}).describe('where the rollout stood');

const hidden = z.strictObject({
  header: z.null(),
  cookie: z.null(),
  host: z.null(),
  from: z.tuple([]),
});

const plan = grows({
  windowMs: exactNumber,
  shadow: grows({ sample: exactNumber, ...lasting }),
  canary: grows({
    match: z.array(hidden).describe('how many rules there are, and not what they match: it may be secret'),
    minRequests: exactNumber,
    ...lasting,
  }),
  regional: grows({
    steps: z.array(grows({ region: z.string(), share: exactNumber })),
    ...lasting,
  }),
  enforce: grows({ reverseSample: exactNumber, dwellMs: exactNumber }),
  gates: grows({
    minPairs: exactNumber,
    errorRate: z.union([z.literal('auto'), exactNumber]),
    tail: exactNumber,
    differences: exactNumber,
    badWindows: z.union([z.literal('auto'), exactNumber]),
  }),
}).describe('margins, dwell and steps as they were configured');

const place = { route: z.string(), region: z.string() };
const direction = z.enum(['shadow', 'reverse']);

const wealth = z.array(exactNumber).describe('of each bet, natural logarithms');
const windowTest = grows({ wealth, cusum: wealth, worse: exactNumber, lately: exactNumber });

const evidence = grows({
  epoch: count,
  fromMs: exactNumber,
  toMs: exactNumber,
  windows: count,
  pairs: z.array(
    grows({
      ...place,
      direction,
      error: joint,
      difference: joint,
      tail: joint,
      writePairs: count,
      sampled: count,
      drawn: grows({ chosen: count, left: count }),
      missing: count,
    }),
  ),
  requests: z.array(
    grows({ ...place, lane: z.enum(['legacy', 'candidate']), requests: count, writes: count, bad: count }),
  ),
  legacyLately: exactNumber,
  newestMs: exactNumber,
  tests: z.record(z.string(), windowTest).describe('against the candidate, by metric, direction and region'),
  drift: z.record(z.string(), windowTest).describe("legacy's second answers against its first"),
  bakes: z.record(z.string(), grows({ windows: joint, rest: joint })),
  trips: z.array(
    grows({
      atMs: exactNumber,
      region: z.string(),
      by: z.enum(TRIPPED_BY),
      bad: count,
      of: count,
    }),
  ),
}).describe('the counts of the epoch: `evidenceHash` of the gate is their SHA-256, as canonical JSON');

/** Everything that one verdict was made of, as a report carries it. */
export const gateInputSchema = grows({
  state: keptState,
  plan,
  evidence,
  critical: z.array(z.string()).describe('names of the critical routes'),
  nowMs: count.describe('when it was judged, milliseconds since the Unix epoch'),
  complete: z.boolean().describe('every window of the epoch was taken in'),
}).describe('everything that the verdict was made of: `cutover gate --report` judges it again');

/** What `GET /v1/evidence` answers: the status, and what its verdict was made of, of one moment. */
export const measuredSchema = z.strictObject({
  schemaVersion: z.literal(1),
  status: statusSchema,
  gateInput: gateInputSchema,
});

export type KeptGateInput = z.infer<typeof gateInputSchema>;
export type Measured = z.infer<typeof measuredSchema>;

const HIDDEN: CanaryMatch = { header: null, cookie: null, host: null, from: [] };

/**
 * The input of a verdict as a report carries it. What `decide` does not read and nobody should: the salt of the sticky
 * shares, and what canary rules match.
 */
export function keepGateInput({ state, plan: configured, ...rest }: GateInput) {
  const { salt: _, ...known } = state;
  const canary = { ...configured.canary, match: configured.canary.match.map(() => HIDDEN) };
  return toExactJson({ state: known, plan: { ...configured, canary }, ...rest }) as KeptGateInput;
}

/** The input that {@link keepGateInput} was given, for `decide`: the same verdict comes of it. */
export function gateInputFrom(kept: KeptGateInput): GateInput {
  const input = fromExactJson(kept) as GateInput;
  return { ...input, state: { ...input.state, salt: 0 } };
}
