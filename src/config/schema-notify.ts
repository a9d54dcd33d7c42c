import { z } from 'zod';
import { NOTIFIED_EVENTS } from '../core/events.ts';
import { LIMITS } from '../core/limits.ts';
import { formatDuration } from '../core/units.ts';
import { duration, list, say, section, word } from './fields.ts';
import { parseHook } from './hook-url.ts';
import { secretRef } from './schema-rollout.ts';

const hook = z
  .string({ error: say('expected a URL', 'for example: https://hooks.example.com/cutover') })
  .meta({
    description: 'where each event is posted to; plain http only to this machine, elsewhere it is a warning',
    examples: ['https://hooks.example.com/cutover'],
  })
  .transform((text, context): string => {
    const read = parseHook(text);
    if ('url' in read) return read.url.href;
    context.addIssue({ code: 'custom', message: say(read.message, read.hint) });
    return z.NEVER;
  });

const receiver = section(
  {
    url: hook,
    secret: secretRef.describe('signs every notification: whsec_ and 24 to 64 random bytes in base64'),
    previousSecret: secretRef
      .describe('signs, too, while receivers change over to another secret')
      .optional(),
    events: list(word('an event', NOTIFIED_EVENTS), 'events that are told; all if left out', 1).prefault([
      ...NOTIFIED_EVENTS,
    ]),
    timeout: duration('for one answer', { min: 100, max: 60_000, words: 'from 100ms to 60s' }).prefault(
      formatDuration(LIMITS.notifyTimeoutMs),
    ),
    giveUpAfter: duration('age at which a notification is no longer tried', {
      min: 1_000,
      max: 86_400_000,
      words: 'from 1s to 24h',
    }).prefault(formatDuration(LIMITS.notifyGiveUpMs)),
  },
  'one receiver of webhooks',
);

export const notifySchema = list(receiver, 'who is told of events, by signed webhooks').refine(
  (receivers) => receivers.length <= LIMITS.notifyReceivers,
  { error: `expected at most ${LIMITS.notifyReceivers} entries` },
);
