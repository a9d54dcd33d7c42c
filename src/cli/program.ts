import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { CutoverError } from '../core/errors.ts';
import { exampleText } from './examples.ts';
import { EXIT, exitCodesText } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { Options } from './options.ts';
import { elsewhere } from './remote.ts';
import { addVerbs } from './verbs.ts';
import type { Add } from './verbs.ts';

/** The parsed command line: filled when a verb has run. */
export interface Result {
  exitCode: number;
}

const DEFAULT_CONFIG = 'cutover.yaml';

/** What is printed without arguments. */
export const SHORT_HELP = `Cutover moves live HTTP traffic from a legacy NGINX to its replacement, with proof at every step.

  cutover init --legacy http://127.0.0.1:8081 --candidate http://127.0.0.1:7001
  cutover check && cutover run

All verbs: cutover --help
`;

/** The version in package.json, which lies two levels above both src/cli and dist/cli. */
function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/**
 * The command line as commander knows it. The module of a verb is imported when the verb runs, so that
 * `--help` loads nothing but commander.
 */
export function createProgram(io: Io, result: Result): Command {
  const program = new Command('cutover')
    .description('Moves live HTTP traffic from a legacy NGINX to its replacement, with proof at every step.')
    .usage('<verb> [options]')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('-c, --config <file>', `configuration (env CUTOVER_CONFIG, default ${DEFAULT_CONFIG})`)
    .addOption(new Option('--no-color', 'no colours (also: NO_COLOR)'))
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => io.out.write(text),
      writeErr: (text) => io.err.write(text),
      // Errors are printed where they are caught, in one style and as JSON when asked.
      outputError: () => {},
      getOutHelpWidth: () => io.out.columns,
      getErrHelpWidth: () => io.err.columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .addHelpText('after', '\nExit codes: cutover help exit-codes');
  addVerbs(adder(io, program, result));
  addHelp(io, program);
  return program;
}

function adder(io: Io, program: Command, result: Result): Add {
  return (spec, text, load, parent = program) => {
    const command = parent.command(spec).description(text);
    command.addHelpText('after', () => exampleText(pathOf(command)));
    command.action(async () => {
      const given = command.optsWithGlobals<Partial<Record<string, string>>>();
      const named = given['config'] ?? io.env['CUTOVER_CONFIG'];
      const { timeout, interval, expires, ...rest } = given;
      const place = { config: named ?? DEFAULT_CONFIG, configNamed: named !== undefined };
      const times = { timeoutMs: timeout, intervalMs: interval, expiresMs: expires };
      const options = { ...elsewhere(io.env), ...rest, ...times, ...place } as unknown as Options;
      result.exitCode = await (await load())(io, options, command.args);
    });
    return command;
  };
}

/** `status`, `differences show`: how a verb is called. */
function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null || parent.parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}

function addHelp(io: Io, program: Command): void {
  program
    .command('help [topic]')
    .description('help on a verb, or: help exit-codes')
    .helpGroup('More:')
    .addHelpText('after', () => exampleText('help'))
    .action((topic: string | undefined) => {
      if (topic === 'exit-codes') return io.out.write(exitCodesText());
      const command = topic === undefined ? program : program.commands.find((each) => each.name() === topic);
      if (command !== undefined) return command.outputHelp();
      throw new CutoverError('USAGE', `there is no help on ${topic}`, {
        hint: 'cutover --help',
        exitCode: EXIT.usage,
      });
    });
}
