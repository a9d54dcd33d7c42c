import { z } from 'zod';
import {
  flag,
  list,
  name,
  named,
  positiveDuration,
  duration,
  section,
  text,
  whole,
  word,
} from '../config/fields.ts';
import { actionSchema } from './schema-actions.ts';
import { expectationSchema } from './schema-expect.ts';
import { faultSchema } from './schema-faults.ts';
import { checkTargets } from './schema-targets.ts';
import { trafficSchema } from './schema-traffic.ts';
import { upstreamSchema } from './schema-upstreams.ts';

const NAME = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, { error: 'expected a name\nletters, digits, dashes' });

/** A seed is 32 bits. */
const MAX_SEED = 2 ** 32 - 1;

/** A whole rehearsal as data: `scenarios/*.yaml`. */
export const scenarioSchema = section(
  {
    version: z.literal(1, { error: 'expected 1\nwrite: version: 1' }).describe('version of this format'),
    name: name('the name of the scenario', 'orders-regression'),
    about: text('what it shows, for people', 'the candidate changes a number into text').optional(),
    seed: whole('seed of everything that is drawn', 0, MAX_SEED, 7),
    config: z
      .record(z.string(), z.unknown(), {
        error: 'expected a map of keys\nwrite the keys of cutover.yaml below it',
      })
      .describe(
        'keys of cutover.yaml; ${NAME} of an upstream is its URL, ${here} the folder of the scenario; listen, admin, store and runDir are given, and unless it says otherwise limits.loopDelay is 5s and rollout.shadow.maxInFlight 1000: all of a rehearsal shares one machine',
      )
      .meta({ examples: [{ legacy: { servers: ['${legacy}'] }, candidate: { servers: ['${candidate}'] } }] }),
    regions: list(
      name('a region', 'eu-west'),
      'regions; the gateway gets one listener for each. One listener without a region if left out',
    ).prefault([]),
    upstreams: named(upstreamSchema, NAME, 'servers that the rehearsal starts, by name'),
    traffic: list(trafficSchema, 'what clients do', 1),
    faults: list(faultSchema, 'what goes wrong, and when').prefault([]),
    actions: list(actionSchema, 'what operators do, one after the other').prefault([]),
    expect: list(expectationSchema, 'what must come out', 1),
    end: word('what ends the rehearsal: the last action, or the traffic; actions if there are any', [
      'actions',
      'traffic',
    ]).optional(),
    settle: duration('time for the last windows after that').prefault('2s'),
    limit: positiveDuration('the rehearsal fails when it takes longer').prefault('3m'),
    keep: flag('keeps the database and logs of the run').prefault(false),
  },
  'a rehearsal',
)
  .superRefine((scenario, context) => {
    for (const issue of checkTargets(scenario)) context.addIssue({ code: 'custom', ...issue });
  })
  .meta({ title: 'Cutover scenario' });

export type Scenario = z.output<typeof scenarioSchema>;
