import { EXIT } from '../exit-codes.ts';
import { withCommands } from '../gateway.ts';
import type { Verb } from '../verbs.ts';
import { sayChange } from '../say.ts';

/** Lets the gateway read its configuration again, or an earlier one; one with a problem is refused and changes nothing. */
export const reload: Verb = async (io, options) =>
  await withCommands(io, options, async ({ ask }) => {
    const entry = options.entry === undefined ? {} : { entry: options.entry };
    const author = { reason: options.reason ?? '', who: io.who };
    sayChange(io, options, await ask((client) => client.reload({ ...author, ...entry })));
    return EXIT.done;
  });
