import type { CompiledConfig } from '../../config/compile.ts';
import { loadConfig } from '../../config/load.ts';
import type { DifferenceDetail } from '../../control/schema/differences.ts';
import { CutoverError } from '../../core/errors.ts';
import { askedFor, chosen } from '../chosen-classes.ts';
import { ConfigurationError } from '../configuration.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { liveOrStored } from '../live-or-stored.ts';
import { storedDifference, storedDifferences } from '../offline.ts';
import type { Options } from '../options.ts';
import { paintFor } from '../paint.ts';
import type { Verb } from '../verbs.ts';
import { say } from '../say.ts';
import { differencesText } from '../views/differences.ts';
import { differenceText, explainText } from '../views/difference.ts';

/** All classes, largest first. Differences are no failure here: to judge them is for the gates. */
export const listDifferences: Verb = async (io, options) => {
  const found = await liveOrStored(io, options, {
    live: (client) => client.differences(askedFor(options)),
    stored: (store, config) => storedDifferences(store, config, askedFor(options)),
  });
  const shown = chosen(found, options);
  say(io, options, shown, () => differencesText(shown, paintFor(io, options.color)));
  return EXIT.done;
};

/** One class with its examples. */
export const showDifference: Verb = async (io, options, [id = '']) => {
  const found = await oneClass(io, options, id);
  say(io, options, found, () => differenceText(found, paintFor(io, options.color), io.out.columns));
  return EXIT.done;
};

/** Why a class has its verdict. */
export const explainDifference: Verb = async (io, options, [id = '']) => {
  const found = await oneClass(io, options, id);
  say(io, options, found, () => explainText(found));
  return EXIT.done;
};

/** One class, of the gateway or of the store. @throws CutoverError `NO_SUCH_CLASS` */
export async function oneClass(io: Io, options: Options, id: string): Promise<DifferenceDetail> {
  const found = await liveOrStored<DifferenceDetail | null>(io, options, {
    live: (client) => client.difference(id),
    stored: (store, config) => storedDifference(store, config, id),
  });
  if (found !== null) return found;
  throw new CutoverError('NO_SUCH_CLASS', `there is no class of differences ${id}`, {
    hint: 'list them: cutover differences',
    exitCode: EXIT.usage,
  });
}

/** The configuration in the file. @throws ConfigurationError with everything that is wrong with it */
export function configIn(file: string): CompiledConfig {
  const loaded = loadConfig(file);
  if (loaded.ok) return loaded.config;
  throw new ConfigurationError(file, loaded.problems);
}
