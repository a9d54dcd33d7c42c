import { loadConfig } from '../../config/load.ts';
import type { LoadResult } from '../../config/load.ts';
import { renderProblems } from '../../config/render.ts';
import { CutoverError } from '../../core/errors.ts';
import { formatShare } from '../../core/units.ts';
import { EXIT } from '../exit-codes.ts';
import { counted } from '../format.ts';
import type { Io } from '../io.ts';
import { paintFor } from '../paint.ts';
import type { Verb } from '../verbs.ts';
import { say } from '../say.ts';

/** Finds every problem of the configuration in one run. Warnings alone are no failure. */
export const check: Verb = async (io, options) => {
  if (options.schema !== undefined) {
    return await printSchema(io, options.schema === true ? 'configuration' : options.schema);
  }
  const result = loadConfig(options.config);
  const paint = paintFor(io, options.color);
  say(io, options, checkObject(options.config, result), () => {
    const problems = renderProblems(problemsOf(result));
    return result.ok ? `${problems}${paint.good(summary(options.config, result))}\n` : problems;
  });
  return result.ok ? EXIT.done : EXIT.usage;
};

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
  const problems = problemsOf(result).map(({ severity, file, line, column, path, message, hint }) => {
    return { severity, file, line, column, path, message, hint };
  });
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
