import type { Status } from '../../control/schema/status.ts';
import { CutoverError } from '../../core/errors.ts';
import { next, positionName, resolveTarget } from '../../rollout/position.ts';
import type { Target } from '../../rollout/position.ts';
import { usableConfig } from '../configuration.ts';
import { confirm } from '../confirm.ts';
import { EXIT } from '../exit-codes.ts';
import { withCommands } from '../gateway.ts';
import type { Options } from '../options.ts';
import type { Verb } from '../verbs.ts';
import { sayChange } from '../say.ts';

/** Gives more clients to the candidate: asks the gates, or with `--force` nobody but the user. */
export const advance: Verb = async (io, options) => {
  const force = options.force === true;
  if (force && options.reason === undefined) throw needsReason();
  return await withCommands(io, options, async ({ ask }) => {
    const { rollout } = await ask((client) => client.status());
    const to = destination(options, rollout);
    // Where the plan ends there is nothing to confirm: the gateway refuses in its own words.
    if (to !== null) await confirm(io, options.yes === true, questionFor(rollout, to, force));
    const place = to === null ? {} : { to };
    const command = { ...place, force, reason: options.reason ?? 'asked the gates', who: io.who };
    sayChange(io, options, await ask((client) => client.advance(command)));
    return EXIT.done;
  });
};

/** The position that is confirmed, and then asked for by its name, so that nothing else can happen. */
function destination(options: Options, rollout: Status['rollout']): Target | null {
  const { plan } = usableConfig(options.config);
  return options.to === undefined ? next(rollout, plan) : (resolveTarget(options.to, plan) ?? options.to);
}

function questionFor(rollout: Status['rollout'], to: Target, force: boolean) {
  const how = force ? ' WITHOUT asking the gates' : '';
  const target = positionName({ phase: to.phase, step: to.step ?? 0 });
  const text = `this moves the rollout from ${positionName(rollout)} to ${target}${how}, and the candidate answers more clients`;
  return { text, word: to.phase };
}

function needsReason(): CutoverError {
  return new CutoverError('USAGE', 'advance --force skips the gates and needs a reason for the history', {
    hint: 'cutover advance --force --reason TEXT',
    exitCode: EXIT.usage,
  });
}
