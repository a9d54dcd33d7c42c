import { z } from 'zod';
import { CutoverError } from '../core/errors.ts';
import {
  captureSchema,
  endpointCountsSchema,
  laneStatusesSchema,
  replayClassSchema,
  replayCountsSchema,
} from './state-schema.ts';

const count = z.int().nonnegative();
const perLane = <T extends z.ZodType>(each: T) => z.strictObject({ legacy: each, candidate: each });

const resumeSchema = z.strictObject({
  schemaVersion: z.literal(1),
  capture: captureSchema,
  settings: z.record(z.string(), z.string()),
  position: count,
  again: z.array(count).readonly(),
  startedAtMs: count,
  elapsedMs: z.number().nonnegative(),
  tally: z.strictObject({
    counts: replayCountsSchema,
    classes: z.array(replayClassSchema).readonly(),
    endpoints: z.array(z.tuple([z.string(), endpointCountsSchema]).readonly()).readonly(),
    statuses: perLane(laneStatusesSchema),
    hidden: z.record(z.string(), count),
    latency: perLane(z.string()),
  }),
});

/**
 * Where an interrupted replay stands: `position` records were read, those in `again` are not done. What it had counted
 * by then is in `tally`. The settings are those that make another replay of it.
 */
export type ResumeState = z.infer<typeof resumeSchema>;

/**
 * Reads the file that an interrupted replay left.
 * @throws CutoverError RESUME when it is none
 */
export function parseResume(file: string, text: string): ResumeState {
  try {
    return resumeSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new CutoverError('RESUME', `${file} was not written by an interrupted replay`, {
      hint: 'name the file that the replay named when it was interrupted, or start again without --resume',
      exitCode: 2,
      cause: error,
    });
  }
}

/**
 * @throws CutoverError RESUME when the replay that goes on is another one than that which was interrupted
 */
export function checkResume(
  state: ResumeState,
  capture: ResumeState['capture'],
  settings: ResumeState['settings'],
): void {
  const changed = Object.keys(settings).filter((name) => settings[name] !== state.settings[name]);
  if (capture.fingerprint !== state.capture.fingerprint) changed.unshift('the capture');
  if (changed.length === 0) return;
  throw new CutoverError(
    'RESUME',
    `this is not the replay that was interrupted: ${changed.join(', ')} changed`,
    {
      hint: 'repeat the command with the same flags, or start again without --resume',
      exitCode: 2,
    },
  );
}
