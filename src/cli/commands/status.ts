import type { Status } from '../../control/schema/status.ts';
import { EXIT } from '../exit-codes.ts';
import { withGateway } from '../gateway.ts';
import type { Io } from '../io.ts';
import type { Options } from '../options.ts';
import { paintFor } from '../paint.ts';
import type { Verb } from '../verbs.ts';
import { say } from '../say.ts';
import { statusText } from '../views/status.ts';
import { changeLines, jsonLines, screen, watch } from '../watch.ts';
import type { Display } from '../watch.ts';

/** Shows where the rollout stands, once or until Ctrl-C. */
export const status: Verb = async (io, options) => {
  const paint = paintFor(io, options.color);
  const view = (reading: Status): string => statusText(reading, paint);
  return await withGateway(io, options, async ({ ask }) => {
    const read = () => ask((client) => client.status());
    if (options.watch === true) {
      await watch(read, displayFor(io, options, view), options.intervalMs, io.signal);
      return EXIT.interrupted;
    }
    const reading = await read();
    say(io, options, reading, () => view(reading));
    return EXIT.done;
  });
};

function displayFor(io: Io, options: Options, view: (status: Status) => string): Display {
  if (options.json === true) return jsonLines(io);
  return io.out.isTTY && io.env['TERM'] !== 'dumb' ? screen(io, view) : changeLines(io);
}
