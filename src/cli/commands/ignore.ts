import { readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { withRule } from '../../config/add-rule.ts';
import { WITHOUT_FILTERS, loadConfig } from '../../config/load.ts';
import { isNameable, isRuleFor, proposedRule } from '../../control/proposed-rule.ts';
import type { Ignored } from '../../control/schema/differences.ts';
import { wallMs } from '../../core/clock.ts';
import { CutoverError, messageOf } from '../../core/errors.ts';
import { ConfigurationError } from '../configuration.ts';
import { EXIT } from '../exit-codes.ts';
import { safe } from '../format.ts';
import { say } from '../say.ts';
import { shellWord } from '../shell-word.ts';
import type { Verb } from '../verbs.ts';
import { configIn, oneClass } from './differences.ts';

/**
 * Accepts a rule: writes it into the configuration, with who answers for it, why, and until when. It is in effect after
 * a `reload`, which starts a new epoch: evidence under other rules is other evidence.
 */
export const ignoreDifference: Verb = async (io, options, [id = '']) => {
  const file = options.config;
  if (file === '-')
    throw new CutoverError('NO_FILE', 'a rule is written into a file', {
      hint: 'name it: -c cutover.yaml',
      exitCode: EXIT.usage,
    });
  const { class: found } = await oneClass(io, options, id);
  if (!isNameable(found)) {
    throw new CutoverError(
      'NO_PLACE',
      `${id} is no one place, or a lane that gave no answer: a rule would hide too much`,
      {
        hint: 'name the endpoints of its route (candidate.routes[].endpoints), or write a rule by hand',
        exitCode: EXIT.refused,
      },
    );
  }
  const words = {
    reason: options.reason ?? '',
    owner: options.owner ?? io.who,
    expires: lastDay(wallMs() + options.expiresMs),
  };
  const rule = proposedRule(found, words);
  const { gateway } = configIn(file);
  const changed = !(gateway.rules ?? []).some((each) => isRuleFor(each, found));
  if (changed) replace(file, checked(file, withRule(readFileSync(file, 'utf8'), rule)));
  const answer: Ignored = { schemaVersion: 1, class: id, file, rule, changed };
  say(io, options, answer, () => textOf(answer));
  return EXIT.done;
};

function textOf({ file, rule, changed }: Ignored): string {
  if (!changed) return `${safe(file)} has a rule for it already\n`;
  return `added to ${safe(file)}: ${safe(rule)}\nin effect after: cutover reload -c ${shellWord(file)} (a new epoch begins; what the rule hides is counted and shown)\n`;
}

/** The day of that moment (UTC): a rule holds to its end, so that one of a day has the whole of the next one. */
export function lastDay(endMs: number): string {
  return new Date(endMs).toISOString().slice(0, 10);
}

/** @throws ConfigurationError when the file would not be valid any more: then it is left as it was */
function checked(file: string, text: string): string {
  const loaded = loadConfig(file, { ...WITHOUT_FILTERS, text });
  if (loaded.ok) return text;
  throw new ConfigurationError(file, loaded.problems);
}

/** In one step: a reader finds the old text or the new one. The mode of the file stays. */
function replace(file: string, text: string): void {
  // A link stays a link: what it leads to is replaced.
  const target = realpathSync(file);
  const beside = `${target}.${process.pid}.new`;
  try {
    writeFileSync(beside, text, { mode: statSync(target).mode, flag: 'wx' });
    renameSync(beside, target);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new CutoverError('NOT_WRITTEN', `${file} cannot be written: ${messageOf(error)}`, {
      hint: 'add the rule by hand: cutover differences explain shows it',
      exitCode: EXIT.internal,
      cause: error,
    });
  }
}
