import type { DifferenceDetail } from '../../control/schema/differences.ts';
import { CutoverError } from '../../core/errors.ts';
import { EXIT } from '../exit-codes.ts';
import { liveOrStored } from '../live-or-stored.ts';
import { storedDifference, storedDifferences } from '../offline.ts';
import { paintFor } from '../paint.ts';
import type { Verb } from '../verbs.ts';
import { say } from '../say.ts';
import { differenceText, differencesText } from '../views/differences.ts';

/** All classes, largest first. Differences are no failure here: to judge them is for the gates. */
export const listDifferences: Verb = async (io, options) => {
  const found = await liveOrStored(io, options, {
    live: (client) => client.differences(options.limit),
    stored: (store, config) => storedDifferences(store, config, options.limit),
  });
  say(io, options, found, () => differencesText(found, paintFor(io, options.color)));
  return EXIT.done;
};

/** One class with its example. */
export const showDifference: Verb = async (io, options, [id = '']) => {
  const found = await liveOrStored<DifferenceDetail | null>(io, options, {
    live: (client) => client.difference(id),
    stored: (store, config) => storedDifference(store, config, id),
  });
  if (found === null) {
    throw new CutoverError('NO_SUCH_CLASS', `there is no class of differences ${id}`, {
      hint: 'list them: cutover differences',
      exitCode: EXIT.usage,
    });
  }
  say(io, options, found, () => differenceText(found, paintFor(io, options.color)));
  return EXIT.done;
};
