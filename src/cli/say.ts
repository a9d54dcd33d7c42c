import type { AppliedAnswer } from '../control/schema/commands.ts';
import type { Io } from './io.ts';
import type { Options } from './options.ts';
import { changeText } from './views/change.ts';

/** Prints the one object of `--json`, or the text for people. */
export function say(io: Io, options: Options, object: unknown, text: () => string): void {
  io.out.write(options.json === true ? `${JSON.stringify(object)}\n` : text());
}

/** Prints a change that was made, with its undo. */
export function sayChange(io: Io, options: Options, change: AppliedAnswer): void {
  say(io, options, change, () => changeText(change));
}
