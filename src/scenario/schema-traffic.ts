import { z } from 'zod';
import {
  duration,
  list,
  name,
  named,
  positiveDuration,
  rate,
  section,
  text,
  whole,
  word,
} from '../config/fields.ts';

const headers = named(text('the value', 'internal'), z.string().regex(/^[\w-]{1,64}$/), 'request headers');

const mixEntry = section(
  {
    method: word('the method', ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']).prefault('GET'),
    path: text('path with query; {1..50} is a number drawn from the seed', '/orders/{1..50}'),
    weight: whole('how often, relative to the other entries', 1, 1_000_000, 3).prefault(1),
    headers: headers.prefault({}),
    body: text('request body', '{"quantity":1}').optional(),
  },
  'one kind of request',
);

/** One stretch of client requests, sent on time whether or not answers come. */
export const trafficSchema = section(
  {
    at: duration('when it starts').prefault('0ms'),
    rate: rate('requests a second, sent on time whether or not answers come'),
    for: positiveDuration('how long at the most; to the end of the rehearsal if left out').optional(),
    mix: list(mixEntry, 'requests drawn by weight', 1).optional(),
    file: text('a GoReplay capture or an access log to take requests from', './orders.gor').optional(),
    users: whole('distinct users, told apart by the cookie sid', 1, 1_000_000, 500).prefault(1),
    region: name('the region whose listener gets it; the first one if left out', 'eu-west').optional(),
    to: name('an upstream that clients talk to instead of the gateway', 'edge').optional(),
  },
  'one stretch of traffic',
)
  .refine((part) => (part.mix === undefined) !== (part.file === undefined), {
    error: 'expected exactly one of: mix, file\nfor example: mix: [{ path: / }]',
  })
  .refine((part) => part.region === undefined || part.to === undefined, {
    error: 'expected at most one of: region, to\nkeep one of them',
  });

export type Traffic = z.output<typeof trafficSchema>;
export type MixEntry = z.output<typeof mixEntry>;
