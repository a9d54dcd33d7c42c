import { z } from 'zod';
import { cidrsField, tokenField } from './fields-net.ts';
import { list, named, rate, section, size, text, whole, word } from './fields.ts';

const changes = (of: string) =>
  section(
    {
      remove: list(tokenField('a header', 'x-debug'), 'headers that are removed').prefault([]),
      set: named(
        text('its value', 'on'),
        z.string(),
        'headers that are set, after others of that name were removed',
      ).prefault({}),
    },
    `headers of ${of}`,
  );

/** Filters that need no code, by their kind. */
export const BUILT_IN = {
  rateLimit: section(
    {
      rate: rate('requests a second; one worker counts for itself'),
      burst: whole('requests at once', 1, 1_000_000, 20).prefault(20),
      by: word('address: each client for itself, IPv6 by /64; all: everybody together', [
        'address',
        'all',
      ]).prefault('address'),
    },
    'further requests get 429',
  ).optional(),
  addresses: section(
    {
      allow: cidrsField('clients that may ask; all if left out').optional(),
      deny: cidrsField('clients that may not, whatever allow says').optional(),
    },
    'other clients get 403',
  ).optional(),
  bodyLimit: size('largest request body; a larger one gets 413', {
    min: 1,
    words: 'of at least 1B',
  }).optional(),
  headers: section(
    {
      request: changes('requests').prefault({}),
      response: changes('answers of the candidate lane').prefault({}),
    },
    'headers that are removed or set',
  ).optional(),
};
