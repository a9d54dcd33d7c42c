import { EXIT } from '../exit-codes.ts';
import { withCommands } from '../gateway.ts';
import type { Verb } from '../verbs.ts';
import { sayChange } from '../say.ts';

/** Holds the rollout where it is: no advance until `resume`; the way back stays open. */
export const pause: Verb = async (io, options) =>
  await withCommands(io, options, async ({ ask }) => {
    const author = { reason: options.reason ?? '', who: io.who };
    sayChange(io, options, await ask((client) => client.pause(author)));
    return EXIT.done;
  });

/** Goes on after a pause. */
export const resume: Verb = async (io, options) =>
  await withCommands(io, options, async ({ ask }) => {
    const author = { reason: options.reason ?? '', who: io.who };
    sayChange(io, options, await ask((client) => client.resume(author)));
    return EXIT.done;
  });
