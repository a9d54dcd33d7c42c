import { CommanderError } from 'commander';
import type { Command } from 'commander';
import { CutoverError } from '../core/errors.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { INTERRUPTED } from './patience.ts';
import type { Result } from './program.ts';
import { SHORT_HELP, createProgram } from './program.ts';
import { showError, shownOf } from './show-error.ts';

/**
 * Runs one command line from its words to its exit code; every failure is printed on the way.
 * @param argv the words after the program's name
 */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  if (argv.length === 0) {
    io.out.write(SHORT_HELP);
    return EXIT.done;
  }
  const json = wantsJson(argv);
  const result: Result = { exitCode: EXIT.done };
  try {
    const words = withoutVainHelp(argv, createProgram(io, result));
    await createProgram(io, result).parseAsync(words, { from: 'user' });
    return result.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return usageError(io, error, json);
    if (error instanceof CutoverError && error.code === INTERRUPTED) return error.exitCode;
    return showError(io, shownOf(error), json);
  }
}

/** Nobody can help with a verb that does not exist: without `--help` commander says so and suggests one. */
function withoutVainHelp(argv: readonly string[], program: Command): string[] {
  const [verb] = program.parseOptions([...argv]).operands;
  const exists = verb === undefined || program.commands.some((command) => command.name() === verb);
  return exists ? [...argv] : argv.filter((word) => word !== '--help' && word !== '-h');
}

function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}

/** commander says "error: unknown option '--jsn'\n(Did you mean --json?)"; help and version are no errors. */
function usageError(io: Io, error: CommanderError, json: boolean): number {
  if (error.exitCode === 0) return EXIT.done;
  const [first = '', ...rest] = error.message.split('\n');
  const suggestion = rest.join(' ').replace(/^\((.*)\)$/, '$1');
  const shown = {
    code: 'USAGE',
    message: first.replace(/^error: /, ''),
    hint: suggestion === '' ? 'cutover --help' : suggestion,
    exitCode: EXIT.usage,
  };
  return showError(io, shown, json);
}
