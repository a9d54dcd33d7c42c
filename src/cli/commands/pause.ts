import { EXIT } from '../exit-codes.ts';
import { withCommands } from '../gateway.ts';
import type { Verb } from '../verbs.ts';
import { positionName } from '../../rollout/position.ts';
import { sayChange } from '../say.ts';

/** Holds the rollout where it is: no advance until `resume`; the way back stays open. */
export const pause: Verb = async (io, options) =>
  await withCommands(io, options, async ({ ask }) => {
    const author = { reason: options.reason ?? '', who: io.who };
    const change = await ask((client) => client.pause(author));
    sayChange(io, options, change, `already paused in ${positionName(change.rollout)}`);
    return EXIT.done;
  });

/** Goes on after a pause. */
export const resume: Verb = async (io, options) =>
  await withCommands(io, options, async ({ ask }) => {
    const author = { reason: options.reason ?? '', who: io.who };
    const change = await ask((client) => client.resume(author));
    sayChange(io, options, change, `not paused in ${positionName(change.rollout)}`);
    return EXIT.done;
  });
