import { EXIT } from '../exit-codes.ts';
import { liveOrStored } from '../live-or-stored.ts';
import type { Io } from '../io.ts';
import { storedConfiguration, storedHistory, storedProof } from '../offline.ts';
import type { Options } from '../options.ts';
import { paintFor } from '../paint.ts';
import type { Verb } from '../verbs.ts';
import { say } from '../say.ts';
import { configurationText } from '../views/configuration.ts';
import { historyText } from '../views/history.ts';

/**
 * Shows who changed what, the configuration of one entry, or what it was decided on, for `gate --report`; a broken chain of hashes ends with exit
 * code 7, so that a script cannot overlook it.
 */
export const history: Verb = async (io, options) => {
  if (options.configuration !== undefined) return await configuration(io, options, options.configuration);
  if (options.evidence !== undefined) return await proof(io, options, options.evidence);
  const found = await liveOrStored(io, options, {
    live: (client) => client.history(options.limit),
    stored: (store) => storedHistory(store, options.limit),
  });
  say(io, options, found, () => historyText(found, paintFor(io, options.color)));
  return found.intact ? EXIT.done : EXIT.invalid;
};

async function configuration(io: Io, options: Options, sequence: number): Promise<number> {
  const found = await liveOrStored(io, options, {
    live: (client) => client.configuration(sequence),
    stored: (store) => storedConfiguration(store, sequence),
  });
  say(io, options, found, () => configurationText(found));
  return EXIT.done;
}

async function proof(io: Io, options: Options, sequence: number): Promise<number> {
  const found = await liveOrStored(io, options, {
    live: (client) => client.proof(sequence),
    stored: (store) => storedProof(store, sequence),
  });
  io.out.write(`${JSON.stringify(found, null, 2)}\n`);
  return EXIT.done;
}
