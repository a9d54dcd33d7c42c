import { z } from 'zod';
import { DIFFERENCE_KINDS } from '../core/observation.ts';
import { CAPTURE_FORMATS } from './capture/types.ts';
import { REPLAY_OUTCOMES, SKIPPED } from './result.ts';

const count = z.int().nonnegative();

/** What is known of a capture. */
export const captureSchema = z.strictObject({
  file: z.string(),
  format: z.enum(CAPTURE_FORMATS),
  compressed: z.boolean(),
  bytes: count.describe('as it lies on the disk'),
  fingerprint: z.string().describe('of its size and its first bytes'),
});

/** The counts of a replay. */
export const replayCountsSchema = z.strictObject({
  read: count.describe('records that stand for requests: sent, or skipped by kind'),
  sent: count,
  skipped: z.record(z.enum(SKIPPED), count),
  outcomes: z.record(z.enum(REPLAY_OUTCOMES), count).describe('sent, by what became of it'),
  judged: count.describe('pairs that say something about the candidate'),
  differing: count.describe('of these, the ones in which the candidate differs to its disadvantage'),
  statusDiffering: count,
  improved: count.describe('pairs in which legacy failed and the candidate did not'),
  ignored: count.describe('judged pairs in which nothing differs but what rules hide: no agreement'),
  otherClasses: count.describe('differences of more classes than are kept'),
});

/** One class of differences. */
export const replayClassSchema = z.strictObject({
  id: z.string(),
  endpoint: z.string(),
  kind: z.enum(DIFFERENCE_KINDS),
  path: z.string(),
  count,
  example: z.strictObject({
    line: count.describe('line, record or entry of the capture, from 1'),
    requestId: z.string(),
    method: z.string(),
    target: z.string().describe('path with its query, values masked'),
    legacy: z.string().nullable(),
    candidate: z.string().nullable(),
  }),
});

/** Counts of one endpoint. */
export const endpointCountsSchema = z.strictObject({ sent: count, judged: count, differing: count });

/** Answers of one lane by status, or by the code of a failure. */
export const laneStatusesSchema = z.record(z.string(), count);
