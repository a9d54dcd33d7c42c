import { EXIT } from '../exit-codes.ts';
import { liveOrStored } from '../live-or-stored.ts';
import { storedHistory } from '../offline.ts';
import { paintFor } from '../paint.ts';
import type { Verb } from '../verbs.ts';
import { say } from '../say.ts';
import { historyText } from '../views/history.ts';

/** Shows who changed what; a broken chain of hashes ends with exit code 7, so that a script cannot overlook it. */
export const history: Verb = async (io, options) => {
  const found = await liveOrStored(io, options, {
    live: (client) => client.history(options.limit),
    stored: (store) => storedHistory(store, options.limit),
  });
  say(io, options, found, () => historyText(found, paintFor(io, options.color)));
  return found.intact ? EXIT.done : EXIT.invalid;
};
