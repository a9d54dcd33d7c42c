import { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import { formatDuration } from '../core/units.ts';
import { ONE_KEY, duration, flag, matching, say, section, size, text, whole } from './fields.ts';
import { parseServer } from './server-text.ts';

const URL_HINT = 'for example: https://indexer.internal:9200';

const indexerUrl = z
  .string({ error: say('expected the URL of the indexer', URL_HINT) })
  .meta({ description: 'scheme, host and port of the indexer', examples: ['https://indexer.internal:9200'] })
  .transform((value, context): string => {
    const read = parseServer(value);
    if ('server' in read && read.server.port > 0) return new URL(value).origin;
    const message = 'message' in read ? say(read.message, read.hint) : say('expected a URL', URL_HINT);
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

const password = section(
  {
    file: text('a file that holds it', '/run/secrets/indexer').optional(),
    env: text('a variable that holds it', 'INDEXER_PASSWORD').optional(),
  },
  'the password, by reference: it never stands in this file',
)
  .refine((ref) => Object.keys(ref).length === 1, {
    error: 'expected exactly one of: file, env\nfor example: { env: INDEXER_PASSWORD }',
  })
  .meta(ONE_KEY);

const time = (description: string, min: number, max: number, initial: number) =>
  duration(description, {
    min,
    max,
    words: `from ${formatDuration(min)} to ${formatDuration(max)}`,
  }).prefault(formatDuration(initial));

const events = section(
  {
    file: text('file that lines are appended to; the agent of Wazuh reads it', './cutover-siem.json'),
    heartbeat: time('how often a heartbeat is written', 1_000, 60_000, LIMITS.siemHeartbeatMs),
    maxBytes: size('size at which the file is moved away', {
      min: LIMITS.siemFileLeastBytes,
      words: `of at least ${LIMITS.siemFileLeastBytes / 1024}KiB`,
    }).prefault('64MiB'),
    keep: whole('moved files that are kept', 1, LIMITS.siemFilesKept, 3).prefault(3),
  },
  'security and window events as JSON lines',
);

const indexer = section(
  {
    url: indexerUrl,
    version: whole('major version of Wazuh: 4 has alerts, 5 has events', 4, 5, 4),
    index: matching(
      'index pattern instead of the usual one',
      /^(?![-_+])[a-z0-9._*-]{1,128}$/,
      'an index pattern in lower case',
      'wazuh-alerts-4.x-*',
    ).optional(),
    username: matching(
      'user with the right to read that index, and no other',
      /^[\x21-\x39\x3b-\x7e]{1,64}$/,
      'a user name without a colon',
      'cutover',
    ),
    password,
    ca: text("certificates (PEM) that are trusted instead of the system's", './tls/root-ca.pem').optional(),
    lag: time('how long a record takes until it can be found', 1_000, 600_000, LIMITS.siemLagMs),
    span: time('how far back is looked, before that', 10_000, 1_800_000, LIMITS.siemSpanMs),
    interval: duration('how often it is asked; rollout.window if left out, and 10s at the most', {
      min: 1_000,
      max: LIMITS.siemIntervalMs,
      words: `from 1s to ${formatDuration(LIMITS.siemIntervalMs)}`,
    }).optional(),
    timeout: time('a whole answer', 100, 5_000, LIMITS.siemTimeoutMs),
  },
  'the Wazuh indexer, which counts alerts for the gates',
);

/** `siem`: events out, counts in. */
export const siemSchema = section(
  { events: events.optional(), indexer: indexer.optional() },
  'what the SIEM is told, and what it is asked',
);

/** `rollout.gates.siem`. */
export const siemGate = section(
  {
    minAlerts: whole('alerts about the candidate that are a breach', 1, 10_000, 3).prefault(3),
    ratio: whole("how many times as many as legacy's they have to be", 1, 1_000, 2).prefault(2),
    level: whole('lowest level of Wazuh that counts', 3, 16, 8).prefault(8),
    atOnce: whole('level from which on one alert is enough', 3, 16, 12).prefault(12),
    enforce: flag('the enforce phase asks, too').prefault(false),
  },
  'alerts of the SIEM, where siem.indexer is configured',
);
