import { EXIT } from '../exit-codes.ts';
import { withCommands } from '../gateway.ts';
import type { Verb } from '../verbs.ts';
import { sayChange } from '../say.ts';

/** Takes clients away from the candidate. Never gated and never confirmed: see `confirm`. */
export const rollback: Verb = async (io, options) =>
  await withCommands(io, options, async ({ ask }) => {
    const to = options.to === undefined ? {} : { to: options.to };
    const command = { ...to, reason: options.reason ?? '', who: io.who };
    sayChange(io, options, await ask((client) => client.rollback(command)));
    return EXIT.done;
  });
