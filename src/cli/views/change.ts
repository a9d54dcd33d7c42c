import type { AppliedAnswer } from '../../control/schema/commands.ts';
import { safe } from '../format.ts';
import { positionName } from '../../rollout/position.ts';

/**
 * What was done, in the past tense, and how to undo it.
 * @param already what is said when it was so before: nothing is claimed to be changed then
 */
export function changeText(change: AppliedAnswer, already = 'it was so already'): string {
  const { rollout, entry } = change;
  if (!change.changed) return `${already}: nothing was changed (epoch ${rollout.epoch})\n${notes(change)}`;
  const { said, undo } = sentence(rollout, entry);
  const undone = undo === null ? '' : `Undo: ${undo}\n`;
  return `${said} (entry ${entry.sequence}, epoch ${rollout.epoch})\n${notes(change)}${undone}`;
}

/** What did not go as it should, one line each. */
function notes({ stored, inEffect, missingPids, needRestart, warnings }: AppliedAnswer): string {
  const lines = [
    stored ? '' : 'The store is down: this is in effect, and is stored when it is back.',
    inEffect
      ? ''
      : `Not yet on every worker: ${missingPids.map((pid) => `pid ${pid}`).join(', ') || 'see cutover status'}`,
    needRestart.length === 0 ? '' : `These keep their old value until a restart: ${needRestart.join(', ')}`,
    ...warnings.map((warning) => `Warning: ${safe(warning)}`),
  ];
  return lines
    .filter((line) => line !== '')
    .map((line) => `${line}\n`)
    .join('');
}

type Sentence = { readonly said: string; readonly undo: string | null };

function sentence(rollout: AppliedAnswer['rollout'], entry: AppliedAnswer['entry']): Sentence {
  const now = positionName(rollout);
  const before = entry.from === null ? 'nothing' : positionName(entry.from);
  switch (entry.verb) {
    case 'start':
      return { said: `started in ${now}`, undo: null };
    case 'advance':
      if (entry.region !== null) {
        return {
          said: `gave ${safe(entry.region)} its share of ${now} again`,
          undo: `cutover rollback --region ${safe(entry.region)} --reason TEXT`,
        };
      }
      return {
        said: `advanced from ${before} to ${now}${entry.forced ? ', forced' : ''}`,
        undo: `cutover rollback --to ${before} --reason TEXT`,
      };
    case 'rollback':
      if (entry.region !== null) {
        return {
          said: `took ${safe(entry.region)} back alone: legacy answers it, the rest of ${now} stays`,
          undo: `cutover advance --region ${safe(entry.region)} --force --reason TEXT`,
        };
      }
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
        undo: 'cutover reload --entry N with the entry before (cutover history)',
      };
  }
}
