import { CutoverError } from '../../core/errors.ts';
import { EXIT } from '../exit-codes.ts';
import { withCommands } from '../gateway.ts';
import type { Options } from '../options.ts';
import { bypassCommand, placeOf } from '../place.ts';
import type { Place } from '../place.ts';
import type { Verb } from '../verbs.ts';
import { sayChange } from '../say.ts';

/** Takes clients away from the candidate. Never gated and never confirmed: see `confirm`. */
export const rollback: Verb = async (io, options) => {
  const place = placeOf(io, options);
  const to = options.to === undefined ? {} : { to: options.to };
  const region = options.region === undefined ? {} : { region: options.region };
  const command = { ...to, ...region, reason: options.reason ?? '', who: io.who };
  try {
    const change = await withCommands(
      io,
      options,
      ({ ask }) => ask((client) => client.rollback(command)),
      place,
    );
    sayChange(io, options, change);
    return EXIT.done;
  } catch (error) {
    throw withKillSwitch(error, place, options);
  }
};

/** Whoever rolls back is in a hurry: where nobody can carry it out, the workers can still be told. */
function withKillSwitch(error: unknown, place: Place, options: Options): unknown {
  if (!(error instanceof CutoverError) || error.code === 'NO_TOKEN') return error;
  if (error.exitCode !== EXIT.unreachable && error !== place.error) return error;
  return new CutoverError(error.code, error.message, {
    hint: `send all traffic to legacy without it: ${bypassCommand(place, options)}`,
    exitCode: error.exitCode,
    cause: error,
  });
}
