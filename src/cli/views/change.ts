import type { AppliedAnswer } from '../../control/schema/commands.ts';
import { positionName } from '../../rollout/position.ts';

/** What was done, in the past tense, and how to undo it. */
export function changeText({ rollout, entry, stored }: AppliedAnswer): string {
  const { said, undo } = sentence(rollout, entry);
  const note = stored ? '' : 'The store is down: this is in effect, and is stored when it is back.\n';
  const undone = undo === null ? '' : `Undo: ${undo}\n`;
  return `${said} (entry ${entry.sequence}, epoch ${rollout.epoch})\n${note}${undone}`;
}

type Sentence = { readonly said: string; readonly undo: string | null };

function sentence(rollout: AppliedAnswer['rollout'], entry: AppliedAnswer['entry']): Sentence {
  const now = positionName(rollout);
  const before = entry.from === null ? 'nothing' : positionName(entry.from);
  switch (entry.verb) {
    case 'start':
      return { said: `started in ${now}`, undo: null };
    case 'advance':
      return {
        said: `advanced from ${before} to ${now}${entry.forced ? ', forced' : ''}`,
        undo: `cutover rollback --to ${before} --reason TEXT`,
      };
    case 'rollback':
      return {
        said: `rolled back from ${before} to ${now}`,
        undo: `cutover advance --to ${before} --force --reason TEXT`,
      };
    case 'pause':
      return { said: `paused in ${now}: the rollout stays where it is`, undo: 'cutover resume' };
    case 'resume':
      return { said: `resumed in ${now}`, undo: 'cutover pause' };
    case 'bypass':
      return {
        said: `threw the kill switch: legacy answers everything and nothing is copied; the rollout stays in ${now}`,
        undo: 'cutover bypass --off',
      };
    case 'bypass_off':
      return { said: `lifted the kill switch: the rollout goes on in ${now}`, undo: 'cutover bypass' };
    case 'reload':
      return {
        said: `reloaded the configuration in ${now}`,
        undo: 'put the old file back, then: cutover reload',
      };
  }
}
