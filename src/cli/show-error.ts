import { CutoverError, messageOf } from '../core/errors.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';

/** A failure as the command line shows it. */
export interface Shown {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly exitCode: number;
  /** Replaces all of it for people, such as problems with their carets. */
  readonly text?: string;
  /** Stands below the message for people. */
  readonly detail?: string;
}

/** What is shown of anything that was thrown: a {@link CutoverError} as it is, the rest with its stack. */
export function shownOf(thrown: unknown): Shown {
  if (thrown instanceof CutoverError) {
    const { code, message, hint, exitCode } = thrown;
    return {
      code,
      message,
      hint,
      exitCode,
      ...('text' in thrown ? { text: String(thrown.text) } : {}),
      ...('detail' in thrown ? { detail: String(thrown.detail) } : {}),
    };
  }
  const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return {
    code: 'INTERNAL',
    message: messageOf(thrown),
    hint: null,
    exitCode: EXIT.internal,
    text: `error: this is a defect of cutover\n${stack}\n`,
  };
}

/** Writes a failure to stderr: for people, or as one JSON object. @returns its exit code */
export function showError(io: Io, shown: Shown, json: boolean): number {
  const { code, message, hint, exitCode } = shown;
  if (json) {
    io.err.write(`${JSON.stringify({ error: { code, message, hint } })}\n`);
    return exitCode;
  }
  const hintLine = hint === null ? '' : `  hint: ${hint}\n`;
  const detail = shown.detail === undefined ? '' : `${shown.detail.trimEnd()}\n`;
  io.err.write(shown.text ?? `error: ${message}\n${detail}${hintLine}`);
  return exitCode;
}
