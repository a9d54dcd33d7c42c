import type { Status } from '../../control/schema/status.ts';
import { CutoverError } from '../../core/errors.ts';
import { formatShare } from '../../core/units.ts';
import { comparePositions, next, resolveTarget } from '../../rollout/position.ts';
import type { Position } from '../../rollout/state.ts';
import { confirm } from '../confirm.ts';
import { EXIT } from '../exit-codes.ts';
import { safe } from '../format.ts';
import { withCommands } from '../gateway.ts';
import type { Options } from '../options.ts';
import { planOfLadder } from '../../report/plan.ts';
import { positionName } from '../../rollout/position.ts';
import type { Verb } from '../verbs.ts';
import { sayChange } from '../say.ts';

type Rollout = Status['rollout'];

/** Gives more clients to the candidate: asks the gates, or with `--force` nobody but the user. */
export const advance: Verb = async (io, options) => {
  const force = options.force === true;
  const approve = options.approve === true;
  if ((force || approve) && options.reason === undefined) throw needsReason(force ? 'force' : 'approve');
  return await withCommands(io, options, async ({ ask }) => {
    const { rollout } = await ask((client) => client.status());
    const { region } = options;
    if (region !== undefined) {
      await confirm(io, options.yes === true, { text: readmission(region), word: region });
      const again = { region, force, reason: options.reason ?? 'asked the gates', who: io.who };
      sayChange(io, options, await ask((client) => client.advance(again)));
      return EXIT.done;
    }
    const to = destination(options, rollout);
    // Where the plan ends there is nothing to confirm: the gateway refuses in its own words.
    if (to !== null) await confirm(io, options.yes === true, questionFor(options, rollout, to));
    const place = to === null ? {} : { to };
    const command = { ...place, force, approve, reason: options.reason ?? 'asked the gates', who: io.who };
    sayChange(io, options, await ask((client) => client.advance(command)));
    return EXIT.done;
  });
};

/**
 * The position that is confirmed, and then asked for by its name, so that nothing else can happen.
 * @throws CutoverError for a target that no answer could confirm
 */
function destination({ to }: Options, rollout: Rollout): Position | null {
  const plan = planOfLadder(rollout);
  if (to === undefined) return next(rollout, plan);
  const found = resolveTarget(to, plan);
  if (found === null) throw noSuchStep(to.step ?? 0, rollout.steps);
  if (comparePositions(found, rollout) > 0) return found;
  const [there, here] = [positionName(found), positionName(rollout)];
  throw new CutoverError('NOT_FORWARD', `${there} is not ahead of ${here}, where the rollout stands`, {
    hint: there === here ? 'look at it: cutover status' : `cutover rollback --to ${there} --reason TEXT`,
    exitCode: EXIT.usage,
  });
}

function noSuchStep(step: number, steps: number): CutoverError {
  const name = positionName({ phase: 'regional', step });
  const has = steps === 0 ? 'no regional steps' : `regional/1 to regional/${steps}`;
  return new CutoverError('NO_SUCH_STEP', `the plan has no ${name}: it has ${has}`, {
    hint: 'see rollout.regional.steps in the configuration',
    exitCode: EXIT.usage,
  });
}

function questionFor(options: Options, rollout: Rollout, to: Position) {
  const how = options.force === true ? ' WITHOUT asking the gates' : '';
  const target = `${positionName(to)}${stepText(rollout, to)}`;
  const text = `this moves the rollout from ${positionName(rollout)} to ${target}${how}, and the candidate answers more clients`;
  return { text, word: to.phase };
}

/** ` (step 1 of 2: eu-west 5%)`. */
function stepText({ steps, ladder }: Rollout, { phase, step }: Position): string {
  if (phase !== 'regional') return '';
  const { region = null, share = null } =
    ladder.find((place) => place.phase === phase && place.step === step) ?? {};
  const what = region === null || share === null ? '' : `: ${safe(region)} ${formatShare(share)}`;
  return ` (step ${step + 1} of ${steps}${what})`;
}

function readmission(region: string): string {
  return `this gives ${safe(region)} its share of the candidate again`;
}

function needsReason(flag: 'force' | 'approve'): CutoverError {
  const why = flag === 'force' ? 'skips the gates' : 'signs for a person';
  return new CutoverError('USAGE', `advance --${flag} ${why} and needs a reason for the history`, {
    hint: `cutover advance --${flag} --reason TEXT`,
    exitCode: EXIT.usage,
  });
}
