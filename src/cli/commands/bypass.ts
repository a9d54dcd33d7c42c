import { throwKillSwitch } from '../../control/kill-switch.ts';
import { CutoverError } from '../../core/errors.ts';
import { confirm } from '../confirm.ts';
import { EXIT } from '../exit-codes.ts';
import { runDirFor, withCommands } from '../gateway.ts';
import type { Io } from '../io.ts';
import type { Options } from '../options.ts';
import { INTERRUPTED } from '../patience.ts';
import type { Verb } from '../verbs.ts';
import { say, sayChange } from '../say.ts';

/** How long the supervisor may take before the workers are told without it. */
const SUPERVISOR_MS = 2_000;

/**
 * The kill switch. Throwing it asks nothing and needs neither a supervisor nor, with `--run-dir`, a configuration
 * that can be read; lifting it gives clients back to the candidate, so that is confirmed and needs the gateway.
 */
export const bypass: Verb = async (io, options) => {
  if (options.off === true) return await lift(io, options);
  const runDir = runDirOrHint(options);
  if (options.runDir !== undefined && options.admin === undefined) return await byFile(io, options, runDir);
  const hurried = { ...options, timeoutMs: Math.min(options.timeoutMs, SUPERVISOR_MS) };
  try {
    return await withCommands(io, hurried, async ({ ask }) => {
      const command = { on: true, reason: options.reason ?? '', who: io.who };
      sayChange(io, options, await ask((client) => client.bypass(command)));
      return EXIT.done;
    });
  } catch (error) {
    if (error instanceof CutoverError && error.code === INTERRUPTED) throw error;
    // Whatever keeps the supervisor from acting, the workers can be told without it.
    return await byFile(io, options, runDir);
  }
};

function runDirOrHint(options: Options): string {
  try {
    return runDirFor(options);
  } catch (error) {
    if (!(error instanceof CutoverError)) throw error;
    throw new CutoverError(error.code, error.message, {
      hint: 'without the configuration: cutover bypass --run-dir DIR',
      exitCode: error.exitCode,
      cause: error,
    });
  }
}

async function byFile(io: Io, options: Options, runDir: string): Promise<number> {
  const workers = await throwKillSwitch(runDir, { who: io.who, reason: options.reason ?? '' });
  say(io, options, { schemaVersion: 1, bypass: true, supervisor: false, workers }, () =>
    [
      'threw the kill switch without the supervisor: legacy answers everything and nothing is copied',
      `Workers told: ${workers}; others see it by themselves, and a supervisor notes it in the history.`,
      'Undo: cutover bypass --off (it needs a running gateway)',
      '',
    ].join('\n'),
  );
  return EXIT.done;
}

async function lift(io: Io, options: Options): Promise<number> {
  return await withCommands(io, options, async ({ ask }) => {
    const { rollout } = await ask((client) => client.status());
    const text = `this lifts the kill switch, and the candidate answers clients again as ${rollout.phase} says`;
    await confirm(io, options.yes === true, { text, word: rollout.phase });
    const command = { on: false, reason: options.reason ?? '', who: io.who };
    sayChange(io, options, await ask((client) => client.bypass(command)));
    return EXIT.done;
  });
}
