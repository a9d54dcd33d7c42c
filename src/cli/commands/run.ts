import { runGateway } from '../../control/supervisor.ts';
import { wallMs } from '../../core/clock.ts';
import { time } from '../format.ts';
import type { Verb } from '../verbs.ts';

/** Runs the gateway in the foreground until a signal, or until a newer build takes over; its log goes to stderr. */
export const run: Verb = async (io, options) =>
  await runGateway({
    configFile: options.config,
    log: (level, message) => io.err.write(`${time(wallMs())} ${level} ${message}\n`),
    signal: io.signal,
    takeOver: options.takeOver ?? false,
    who: io.who,
  });
