import { CutoverError } from '../core/errors.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { interrupted } from './patience.ts';

/** What is about to happen, and the word to type for it. */
export interface Question {
  readonly text: string;
  readonly word: string;
}

/**
 * Asks for a typed confirmation on a terminal; `--yes` answers it. Only what gives clients to the candidate
 * asks: `advance` and `bypass --off`. `rollback` and `bypass` go to the side that is known to work, and whoever
 * types them is in a hurry.
 * @throws CutoverError NOT_CONFIRMED, also where there is no terminal to ask at
 */
export async function confirm(io: Io, yes: boolean, question: Question): Promise<void> {
  if (yes) return;
  if (io.ask === null) {
    throw notConfirmed(`not confirmed, and there is no terminal to ask at: ${question.text}`, 'add --yes');
  }
  const answer = await io.ask(`${question.text}\nType "${question.word}" to go on: `);
  if (io.signal.aborted) throw interrupted();
  if (answer?.trim() === question.word) return;
  throw notConfirmed('not confirmed, nothing was changed', `type exactly: ${question.word}`);
}

function notConfirmed(message: string, hint: string): CutoverError {
  return new CutoverError('NOT_CONFIRMED', message, { hint, exitCode: EXIT.refused });
}
