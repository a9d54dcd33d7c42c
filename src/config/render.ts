import type { Problem } from './problem.ts';

/**
 * Problems as text for a terminal, without colour: what, where, the line with a caret, a hint; a count at the end.
 * Excerpts are masked already.
 */
export function renderProblems(problems: readonly Problem[]): string {
  if (problems.length === 0) return '';
  return `${problems.map(renderProblem).join('\n')}\n${countLine(problems)}\n`;
}

function renderProblem(problem: Problem): string {
  const lines = [`${problem.severity}: ${problem.message}`, `  --> ${place(problem)}`];
  if (problem.excerpt !== null) {
    const number = String(problem.line);
    const margin = ' '.repeat(number.length);
    const caret = ' '.repeat(problem.excerpt.caret) + '^'.repeat(problem.excerpt.width);
    lines.push(`  ${number} | ${problem.excerpt.text}`, `  ${margin} | ${caret}`);
  }
  if (problem.hint !== null) lines.push(`  hint: ${problem.hint}`);
  return `${lines.join('\n')}\n`;
}

/** `cutover.yaml:12:23 (rollout.window)`; the file alone where no line is at fault. */
function place(problem: Problem): string {
  if (problem.line === 0) return problem.file;
  const where = `${problem.file}:${problem.line}:${problem.column}`;
  return problem.path === '' ? where : `${where} (${problem.path})`;
}

function countLine(problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const parts = [count(errors, 'error'), count(problems.length - errors, 'warning')].filter(
    (part) => part !== '',
  );
  return `${parts.join(', ')} in ${problems[0]?.file ?? ''}`;
}

function count(number: number, noun: string): string {
  if (number === 0) return '';
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
