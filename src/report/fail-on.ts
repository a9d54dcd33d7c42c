import { CutoverError } from '../core/errors.ts';

/** One thing that a replay must not show. */
export type FailRule =
  | { readonly kind: 'new-class' | 'status'; readonly text: string }
  /** A larger share of the pairs differs; exactly `parts` of 10^`decimals`. */
  | { readonly kind: 'rate'; readonly text: string; readonly parts: bigint; readonly decimals: number };

const HINT = 'for example: --fail-on new-class,status,rate>0.1%';
const RATE = /^rate\s*>\s*(\d{1,3})(?:\.(\d{1,9}))?\s*%$/;

/** What holds without `--fail-on`. */
export const DEFAULT_FAIL_ON = 'new-class,status';

/**
 * Reads `new-class,status,rate>0.1%`.
 * @throws CutoverError FAIL_ON for anything else, with the place of the first word that is none
 */
export function parseFailOn(text: string): readonly FailRule[] {
  const rules: FailRule[] = [];
  let at = 0;
  for (const part of text.split(',')) {
    const word = part.trim();
    const rule = ruleOf(word);
    if (typeof rule === 'string') throw failure(`${rule} at character ${at + 1} of --fail-on`);
    if (rules.some(({ kind }) => kind === rule.kind)) throw failure(`${rule.kind} stands twice in --fail-on`);
    rules.push(rule);
    at += part.length + 1;
  }
  return rules;
}

function ruleOf(word: string): FailRule | string {
  if (word === 'new-class' || word === 'status') return { kind: word, text: word };
  const [, whole, fraction = ''] = RATE.exec(word) ?? [];
  if (whole === undefined) return word === '' ? 'a word is missing' : `"${word.slice(0, 40)}" is no rule`;
  // In percent: two decimals more make it a share. Whole numbers, because 0.1 is no number of binary fractions.
  const parts = BigInt(whole + fraction);
  const decimals = fraction.length + 2;
  if (parts > 10n ** BigInt(decimals)) return `"${word}" is more than all`;
  return { kind: 'rate', text: word.replaceAll(/\s/g, ''), parts, decimals };
}

function failure(message: string): CutoverError {
  return new CutoverError('FAIL_ON', message, { hint: HINT, exitCode: 2 });
}

/** Whether `some` of `all` is more than the share of a rate rule: exact. */
export function isAbove(
  some: number,
  all: number,
  { parts, decimals }: Extract<FailRule, { kind: 'rate' }>,
): boolean {
  return BigInt(some) * 10n ** BigInt(decimals) > parts * BigInt(all);
}
