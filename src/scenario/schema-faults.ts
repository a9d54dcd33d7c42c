import { z } from 'zod';
import { duration, name, positiveDuration, section, share, text, whole } from '../config/fields.ts';

const when = {
  at: duration('when it starts; in an action it counts from that moment').prefault('0ms'),
  for: positiveDuration('how long; to the end if left out').optional(),
  target: name('the embedded upstream it hits', 'candidate'),
  share: share('share of its requests').prefault('100%'),
  path: text('only requests whose path starts with this', '/orders').optional(),
};

const latency = section(
  {
    ...when,
    kind: z.literal('latency'),
    delay: duration('time added to the answer').optional(),
    slower: share('how much longer an answer takes than it would, as a share of that').optional(),
  },
  'answers come later',
).refine(({ delay, slower }) => (delay === undefined) !== (slower === undefined), {
  error: 'expected exactly one of: delay, slower\nfor example: delay: 200ms',
});
const failing = section(
  {
    ...when,
    kind: z.literal('error'),
    status: whole('the status that is answered', 400, 599, 503).prefault(500),
  },
  'answers are errors',
);
const hang = section({ ...when, kind: z.literal('hang') }, 'requests get no answer');
const reset = section({ ...when, kind: z.literal('reset') }, 'connections are reset');
const restart = section({ ...when, kind: z.literal('restart') }, 'the upstream is down for that time');
const field = section(
  {
    ...when,
    kind: z.literal('field'),
    pointer: text('JSON Pointer of the field', '/total'),
    value: z.unknown().describe('the new value; the field is removed if left out').optional(),
  },
  'a field of JSON answers is changed',
);

/** Something that goes wrong for a while at one upstream. */
export const faultSchema = z
  .discriminatedUnion('kind', [latency, failing, hang, reset, restart, field], {
    error: 'expected a fault\nkind is one of: latency, error, hang, reset, restart, field',
  })
  .describe('one fault');

export type Fault = z.output<typeof faultSchema>;
