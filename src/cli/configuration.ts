import type { Problem } from '../config/problem.ts';
import { renderProblems } from '../config/render.ts';
import { CutoverError } from '../core/errors.ts';
import { EXIT } from './exit-codes.ts';

/** A configuration that cannot be used, with everything that is wrong with it. */
export class ConfigurationError extends CutoverError {
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const [first] = problems.filter((problem) => problem.severity === 'error');
    const errors = problems.filter((problem) => problem.severity === 'error').length;
    const place = first === undefined || first.line === 0 ? file : `${file}:${first.line}:${first.column}`;
    const more = errors > 1 ? ` (and ${errors - 1} more)` : '';
    super('CONFIG', `${place}: ${first?.message ?? 'the configuration cannot be used'}${more}`, {
      hint: first?.hint ?? `cutover check -c ${file}`,
      exitCode: EXIT.usage,
    });
    this.problems = problems;
  }

  /** All problems with their lines and carets, for people. */
  get text(): string {
    return renderProblems(this.problems);
  }
}
