import type { Status } from '../../control/schema/status.ts';
import { verdictText } from '../../report/metric-text.ts';
import { positionName } from '../../rollout/position.ts';
import { age, safe } from '../format.ts';
import type { Goal } from '../goal.ts';
import type { Waited } from '../wait-for.ts';

/** A line of `wait`, and what has to be another one for it to be news. */
interface Line {
  readonly key: string;
  readonly text: string;
}

/** `regional/2  ◌ HOLD NOT_PROVEN: error rate …`. The numbers of the message move all the time: they are no news. */
export function stateLine({ rollout, gate }: Status): Line {
  const held = [rollout.paused ? 'paused' : '', rollout.bypass ? 'kill switch on' : ''];
  const marks = [positionName(rollout), ...held].filter((mark) => mark !== '').join(', ');
  const verdict = `${verdictText(gate.verdict)} ${gate.reason}`;
  const key = `${marks} ${rollout.epoch} ${verdict} ${rollout.withdrawn.join()}`;
  return { key, text: `${marks}  ${verdict}: ${safe(gate.message)}` };
}

/** A gateway that does not answer. */
export function silenceLine(message: string): Line {
  return { key: 'silent', text: `no answer, asked again: ${safe(message)}` };
}

/** How it ended, in one sentence. */
export function waitedText(goal: Goal, { outcome, waitedMs, last }: Waited): string {
  const what = goal.text;
  const state = last === null ? 'the gateway never answered' : stateLine(last).text;
  switch (outcome) {
    case 'met':
      return `${what} after ${age(waitedMs)}: ${state}`;
    case 'aborted':
      return `not ${what}: ${state}`;
    case 'timed_out':
      return `not ${what} within ${age(waitedMs)}: ${state}`;
  }
}
