import { isKillSwitchOn, throwKillSwitch } from '../../control/kill-switch.ts';
import type { Status } from '../../control/schema/status.ts';
import { CutoverError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { confirm } from '../confirm.ts';
import { EXIT } from '../exit-codes.ts';
import { withCommands } from '../gateway.ts';
import type { Io } from '../io.ts';
import type { Options } from '../options.ts';
import { INTERRUPTED } from '../patience.ts';
import { bypassCommand, placeOf } from '../place.ts';
import type { Place } from '../place.ts';
import { positionName } from '../../rollout/position.ts';
import type { Verb } from '../verbs.ts';
import { isRemote } from '../remote.ts';
import { say, sayChange, sayUnchanged } from '../say.ts';

/** How long the supervisor may take before the workers are told without it: it waits for their acknowledgement. */
const SUPERVISOR_MS = LIMITS.acknowledgeTimeoutMs + 1_000;

/**
 * The kill switch. Throwing it asks nothing and needs neither a supervisor nor, with `--run-dir`, a configuration
 * that can be read; lifting it gives clients back to the candidate, so that is confirmed and needs the gateway.
 */
export const bypass: Verb = async (io, options) => {
  if (options.off === true) return await lift(io, options);
  if (isRemote(options)) return await bySupervisor(io, options, placeOf(io, options));
  // With a run directory alone there is nothing to be read: the way out for a broken configuration.
  if (options.runDir !== undefined && options.admin === undefined)
    return await byFile(io, options, options.runDir);
  const place = placeOf(io, options);
  const runDir = runDirOf(place, options);
  const hurried = { ...options, timeoutMs: Math.min(options.timeoutMs, SUPERVISOR_MS) };
  try {
    return await bySupervisor(io, hurried, place);
  } catch (error) {
    if (error instanceof CutoverError && error.code === INTERRUPTED) throw error;
    // Whatever keeps the supervisor from acting, the workers can be told without it.
    return await byFile(io, options, runDir);
  }
};

async function bySupervisor(io: Io, options: Options, place: Place): Promise<number> {
  const command = { on: true, reason: options.reason ?? '', who: io.who };
  const change = await withCommands(io, options, ({ ask }) => ask((client) => client.bypass(command)), place);
  const already = 'the kill switch is on already, legacy answers everything and nothing is copied';
  sayChange(io, options, change, already);
  return EXIT.done;
}

function runDirOf(place: Place, options: Options): string {
  if (place.runDir !== null) return place.runDir;
  const { code, message, exitCode } = place.error as CutoverError;
  throw new CutoverError(code, message, {
    hint: `without the configuration: ${bypassCommand(place, options)}`,
    exitCode,
    cause: place.error,
  });
}

async function byFile(io: Io, options: Options, runDir: string): Promise<number> {
  const before = await isKillSwitchOn(runDir);
  const workers = await throwKillSwitch(runDir, { who: io.who, reason: options.reason ?? '' });
  const done =
    before === true
      ? 'the kill switch was on already, and the workers were told again without the supervisor'
      : 'threw the kill switch without the supervisor: legacy answers everything and nothing is copied';
  say(io, options, { schemaVersion: 1, bypass: true, supervisor: false, workers }, () =>
    [
      done,
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
    if (!rollout.bypass) {
      sayUnchanged(io, options, 'the kill switch is off already: nothing was changed');
      return EXIT.done;
    }
    await confirm(io, options.yes === true, { text: liftText(rollout), word: rollout.phase });
    const command = { on: false, reason: options.reason ?? '', who: io.who };
    sayChange(io, options, await ask((client) => client.bypass(command)));
    return EXIT.done;
  });
}

function liftText(rollout: Status['rollout']): string {
  const then =
    rollout.phase === 'shadow'
      ? 'legacy goes on answering everything, and copies are made again'
      : `the candidate answers clients again as ${positionName(rollout)} says`;
  return `this lifts the kill switch: ${then}`;
}
