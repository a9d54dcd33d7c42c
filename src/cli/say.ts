import type { AppliedAnswer } from '../control/schema/commands.ts';
import type { Io } from './io.ts';
import type { Options } from './options.ts';
import { changeText } from './views/change.ts';

/** Prints the one object of `--json`, or the text for people. */
export function say(io: Io, options: Options, object: unknown, text: () => string): void {
  io.out.write(options.json === true ? `${JSON.stringify(object)}\n` : text());
}

/**
 * Prints a change that was made, with its undo.
 * @param already what is said when everything was so before
 */
export function sayChange(io: Io, options: Options, change: AppliedAnswer, already?: string): void {
  say(io, options, change, () => changeText(change, already));
}

/** Prints that nothing was asked for, because everything was so already. */
export function sayUnchanged(io: Io, options: Options, text: string): void {
  say(io, options, { schemaVersion: 1, changed: false, message: text }, () => `${text}\n`);
}
