import { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import { formatDuration } from '../core/units.ts';
import {
  ONE_KEY,
  duration,
  list,
  margin,
  name,
  positiveDuration,
  rate,
  section,
  share,
  size,
  text,
  whole,
  word,
} from './fields.ts';
import { siemGate } from './schema-siem.ts';
import { cidrsField, hostField, serversField, tokenField } from './fields-net.ts';

const NOT_TO_SET =
  /^(?:host|connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|content-length|expect|traceparent|idempotency-key|x-cutover-.*)$/i;

/** A secret by reference. */
export const secretRef = section(
  {
    file: text('a file that holds the value', '/run/secrets/canary').optional(),
    env: text('a variable that holds the value', 'CANARY_KEY').optional(),
  },
  'a secret, by reference',
)
  .refine((ref) => Object.keys(ref).length === 1, {
    error: 'expected exactly one of: file, env\nfor example: { env: CANARY_KEY }',
  })
  .meta(ONE_KEY);

const secret = z
  .union([text('the value itself', 'internal'), secretRef])
  .describe('a value, or { file: … } or { env: … } where it is a secret');

const token = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, {
  error: 'expected a header or cookie name\nfor example: x-canary',
});

/** Fields by which the wire frames and routes a message, and those of the gateway, are nobody's to set. */
const copyHeader = token.refine((field) => !NOT_TO_SET.test(field), {
  error: 'this header belongs to the gateway\nHost is changed by hostHeader of the upstream',
});

const oneValue = (description: string) =>
  z
    .record(token, secret, { error: 'expected a name and its value\nfor example: { x-canary: internal }' })
    .refine((map) => Object.keys(map).length === 1, { error: 'expected exactly one name and its value' })
    .meta({ description, examples: [{ 'x-canary': 'internal' }], ...ONE_KEY });

const oneClaim = z
  .record(text('a claim', 'groups'), text('its value, or one of its elements', 'staff'), {
    error: 'expected a claim and its value\nfor example: { groups: staff }',
  })
  .refine((map) => Object.keys(map).length === 1, { error: 'expected exactly one claim and its value' })
  .meta({
    description: 'a claim of the token that a filter at the edge verified, and its value or an element of it',
    examples: [{ groups: 'staff' }],
    ...ONE_KEY,
  });

const canaryMatch = section(
  {
    header: oneValue('a request header and its exact value').optional(),
    cookie: oneValue('a cookie and its exact value').optional(),
    host: hostField('exact host').optional(),
    from: cidrsField('client addresses').optional(),
    claim: oneClaim.optional(),
  },
  'one rule: every part that is given must hold',
).refine((rule) => Object.keys(rule).length > 0, {
  error: 'this rule would match every request\nsay at least one of: header, cookie, host, from, claim',
});

const KEYS = {
  cookie: tokenField('a cookie that names the user', 'sid').optional(),
  header: tokenField('a header that names the user', 'x-user').optional(),
  address: z
    .literal(true, { error: 'expected true\nwrite: { address: true }' })
    .describe('the client address')
    .optional(),
};

const oneKey = (words: string) => ({
  error: `expected exactly one of: ${words}\nfor example: { cookie: sid }`,
});

/** What names a user in the request itself. */
export const hashKey = section(KEYS, 'what keeps a user on one server')
  .refine((key) => Object.keys(key).length === 1, oneKey('cookie, header, address'))
  .meta(ONE_KEY);

/** What names a user. */
const stickyKey = section(
  {
    ...KEYS,
    claim: text('a claim of the token that a filter at the edge verified', 'sub').optional(),
  },
  'what keeps a user on one side of a share',
)
  .refine((key) => Object.keys(key).length === 1, oneKey('cookie, header, claim, address'))
  .meta(ONE_KEY);

const dwell = (description: string) => duration(description);

const maxDuration = (initial: string) =>
  positiveDuration(
    'a phase that is not proven after this time is inconclusive: a person has to look',
  ).prefault(initial);

const advance = () =>
  word('whether a person moves on, or the gates do by themselves once they are ready', [
    'manual',
    'automatic',
  ]).prefault('manual');

const approval = word('whether a person must agree before the gates let it go on', ['required', 'none']);

const noise = section(
  {
    share: share('share of copies whose request legacy is asked again; only reads are').prefault('10%'),
    servers: serversField('a second instance of legacy; left out: legacy itself').optional(),
  },
  "the noise leg: legacy's second answer is compared with its first, and what differs there is no fault of the candidate",
);

const shadow = section(
  {
    sample: share('share of eligible requests that is copied').prefault('10%'),
    maxRate: rate('copies a second of one node at the most; no cap if left out').optional(),
    ramp: duration('the cap grows from zero over this time after a start').prefault('30s'),
    dwell: dwell('least time in this phase').prefault('15m'),
    maxDuration: maxDuration('24h'),
    advance: advance(),
    approval: approval.prefault('none'),
    timeout: positiveDuration('deadline of a copy').prefault(formatDuration(LIMITS.copyTimeoutMs)),
    maxInFlight: whole('copies without an answer, of one worker', 1, 100_000, LIMITS.copiesInFlight).prefault(
      LIMITS.copiesInFlight,
    ),
    maxBytes: size('bytes held by copies and answers of one worker').prefault('64MiB'),
    bodyLimit: size('request body that is kept for a copy; a larger one is not copied').prefault('64KiB'),
    answerLimit: size(
      'answer that is kept for comparison; a larger one is compared by length and hash; 0B: none is compared',
    ).prefault('256KiB'),
    stripHeaders: list(
      tokenField('a request header', 'authorization'),
      'request headers left out of the copy',
    ).prefault([]),
    setHeaders: z
      .record(copyHeader, secret, {
        error: 'expected names and values\nfor example: { authorization: { env: SHADOW_AUTHORIZATION } }',
      })
      .describe("request headers that the copy has instead of the client's: credentials of its own, say")
      .prefault({}),
    noise: noise.optional(),
  },
  'the shadow phase: legacy answers, copies go to the candidate',
);

const regional = section(
  {
    steps: list(
      section(
        {
          region: name('the region', 'eu-west'),
          share: share('share of its users', { min: Number.MIN_VALUE, words: 'above zero' }),
        },
        'a share of one region',
      ),
      'steps, in their order',
    ).prefault([]),
    dwell: dwell('least time on each step').prefault('24h'),
    maxDuration: maxDuration('14d'),
    advance: advance(),
    approval: approval.prefault('none'),
  },
  'the regional phase: shares of live traffic, region by region',
);

const gates = section(
  {
    minPairs: whole('pairs that each direction has to show at the least', 1, 100_000_000, 1_000).prefault(
      1_000,
    ),
    errorRate: section(
      {
        margin: z
          .union([z.literal('auto'), margin('excess that is tolerated')])
          .prefault('auto')
          .describe('auto, or percentage points'),
      },
      'share of bad answers',
    ).prefault({}),
    tail: section(
      { margin: margin("excess mass above legacy's p99").prefault('0.5pp') },
      'slow answers',
    ).prefault({}),
    differences: section(
      { margin: margin('share of pairs that differ').prefault('0.1pp') },
      'answers that differ',
    ).prefault({}),
    bake: section(
      {
        badWindows: z
          .union([
            z.literal('auto'),
            share('share of windows', { min: 0.000_01, max: 0.99, words: 'from 0.001% to 99%' }),
          ])
          .prefault('auto')
          .describe('share of windows that may have a burst of errors; auto: 1%, and 0.5% in regional'),
      },
      'time without a burst',
    ).prefault({}),
    siem: siemGate.prefault({}),
  },
  'what must be proven before a phase is left',
);

export const rolloutSchema = section(
  {
    stickyKey: stickyKey.prefault({ address: true }),
    window: duration('width of one window of evidence', { min: 1_000, max: 600_000, words: 'from 1s to 10m' })
      .refine((ms) => ms % LIMITS.deltaIntervalMs === 0, {
        error: 'expected whole seconds\nfor example: 10s',
      })
      .prefault('10s'),
    shadow: shadow.prefault({}),
    canary: section(
      {
        match: list(canaryMatch, 'rules; one that holds is enough').prefault([]),
        dwell: dwell('least time in this phase').prefault('60m'),
        maxDuration: maxDuration('72h'),
        advance: advance(),
        approval: approval.prefault('none'),
        minRequests: whole('canary requests that each critical route has to show', 1, 1_000_000, 20).prefault(
          20,
        ),
      },
      'the canary phase: internal traffic goes to the candidate',
    ).prefault({}),
    regional: regional.prefault({}),
    enforce: section(
      {
        reverseShadow: share('share of answers that is copied back to legacy').prefault('0%'),
        dwell: dwell('least time before legacy may retire').prefault('24h'),
      },
      'the enforce phase: the candidate answers everything',
    ).prefault({}),
    gates: gates.prefault({}),
  },
  'how traffic moves from legacy to candidate',
);
