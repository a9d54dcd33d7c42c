import { loadConfig } from '../../config/load.ts';
import type { LoadResult } from '../../config/load.ts';
import type { Problem } from '../../config/problem.ts';
import { renderProblems } from '../../config/render.ts';
import { CutoverError } from '../../core/errors.ts';
import { formatShare } from '../../core/units.ts';
import { checkMirror } from '../../nginx/mirror-check.ts';
import { readNginx } from '../../nginx/read.ts';
import { EXIT } from '../exit-codes.ts';
import { counted } from '../format.ts';
import type { Io } from '../io.ts';
import type { Options } from '../options.ts';
import { paintFor } from '../paint.ts';
import type { Verb } from '../verbs.ts';
import { say } from '../say.ts';

/** Finds every problem of the configuration in one run. Warnings alone are no failure. */
export const check: Verb = async (io, options) => {
  if (options.schema !== undefined) {
    return await printSchema(io, options.schema === true ? 'configuration' : options.schema);
  }
  if (options.nginx !== undefined) return checkNginx(io, options, options.nginx);
  const result = loadConfig(options.config);
  const paint = paintFor(io, options.color);
  say(io, options, checkObject(options.config, result), () => {
    const problems = renderProblems(problemsOf(result));
    return result.ok ? `${problems}${paint.good(summary(options.config, result))}\n` : problems;
  });
  return result.ok ? EXIT.done : EXIT.usage;
};

/** The traps of an NGINX that mirrors to Cutover. Warnings alone are no failure. */
function checkNginx(io: Io, options: Options, file: string): number {
  const problems = checkMirror(readNginx(file));
  const ok = problems.every(({ severity }) => severity !== 'error');
  const object = { schemaVersion: 1, file, ok, configHash: null, problems: problems.map(shown) };
  const paint = paintFor(io, options.color);
  say(io, options, object, () => {
    const text = renderProblems(problems);
    return ok ? `${text}${paint.good(`${file}: ok, none of the known traps of mirror`)}\n` : text;
  });
  return ok ? EXIT.done : EXIT.usage;
}

/** A problem as it is printed with `--json`. */
function shown({ severity, file, line, column, path, message, hint }: Problem): Omit<Problem, 'excerpt'> {
  return { severity, file, line, column, path, message, hint };
}

/** Loads the schemas of all rooms, so it is loaded when asked for only. */
async function printSchema(io: Io, wanted: string): Promise<number> {
  const { schemas, schemaText } = await import('../schemas.ts');
  const name = wanted === 'config' ? 'configuration' : wanted;
  if (!Object.hasOwn(schemas, name)) {
    throw new CutoverError('USAGE', `there is no schema ${wanted}`, {
      hint: `one of: ${Object.keys(schemas).join(', ')}`,
      exitCode: EXIT.usage,
    });
  }
  io.out.write(schemaText(name as keyof typeof schemas));
  return EXIT.done;
}

function problemsOf(result: LoadResult): Parameters<typeof renderProblems>[0] {
  return result.ok ? result.warnings : result.problems;
}

function checkObject(file: string, result: LoadResult): object {
  const problems = problemsOf(result).map(shown);
  return {
    schemaVersion: 1,
    file,
    ok: result.ok,
    configHash: result.ok ? result.config.gateway.hash : null,
    problems,
  };
}

function summary(file: string, { config }: Extract<LoadResult, { ok: true }>): string {
  const { gateway, plan } = config;
  const steps = plan.regional.steps.length;
  return [
    `${file}: ok`,
    counted(gateway.listeners.length, 'listener'),
    counted(gateway.candidate.routes.length, 'route'),
    `${formatShare(plan.shadow.sample)} of the requests copied in shadow`,
    counted(steps, 'regional step'),
  ].join(', ');
}
