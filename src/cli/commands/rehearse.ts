import { fileURLToPath } from 'node:url';
import { ScenarioProblems } from '../../scenario/load.ts';
import { rehearse as run } from '../../scenario/rehearse.ts';
import type { RehearsalResult } from '../../scenario/result-schema.ts';
import { ConfigurationError } from '../configuration.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { Options } from '../options.ts';
import { paintFor } from '../paint.ts';
import { interrupted } from '../patience.ts';
import type { Verb } from '../verbs.ts';
import { say } from '../say.ts';
import { rehearsalTeller, rehearsalText } from '../views/rehearsal.ts';

/** The entry lies two levels above both src/cli and dist/cli, and one more above this folder. */
const PROGRAM = fileURLToPath(new URL('../../../bin/cutover.js', import.meta.url));

/** Runs a scenario with the real product, and says whether everything came out as it should. */
export const rehearse: Verb = async (io, options, [file = '']) => await rehearseFile(io, options, file);

/** Rehearses one file. @returns 0 only if all that was expected holds, else 3 */
export async function rehearseFile(io: Io, options: Options, file: string): Promise<number> {
  const progress = options.json === true ? io.err : io.out;
  const paint = paintFor(io, options.color);
  const result = await explained(io, file, () =>
    run({
      file,
      program: PROGRAM,
      seed: options.seed ?? null,
      keep: options.keep === true,
      env: io.env,
      signal: io.signal,
      tell: rehearsalTeller((line) => progress.write(line), paint),
    }),
  );
  say(io, options, result, () => rehearsalText(result, paint));
  return result.ok ? EXIT.done : EXIT.regression;
}

/** A bad file is a configuration error with all its places; Ctrl-C is what the user wanted. */
async function explained(
  io: Io,
  file: string,
  work: () => Promise<RehearsalResult>,
): Promise<RehearsalResult> {
  try {
    return await work();
  } catch (error) {
    if (io.signal.aborted) throw interrupted();
    if (!(error instanceof ScenarioProblems)) throw error;
    const problems = error.problems.map((problem) => ({
      ...problem,
      hint: problem.hint ?? 'see its format: cutover check --schema scenario',
    }));
    throw new ConfigurationError(file, problems);
  }
}
