import type { Status } from '../../control/schema/status.ts';
import { PHASES } from '../../core/snapshot.ts';
import type { Phase } from '../../core/snapshot.ts';
import { positionName } from '../../rollout/position.ts';
import { time } from '../../report/figures.ts';
import { BOUNDS } from '../bounds.ts';
import type { Known, Tone } from '../known.ts';
import * as words from '../words.ts';

/** One phase of the ribbon. */
export interface RibbonStep {
  readonly phase: Phase;
  /** `2/3` of the regional phase, else ''. */
  readonly step: string;
  readonly state: 'done' | 'current' | 'paused' | 'ahead';
}

/** Something that must not be overlooked. */
export interface Alarm {
  readonly text: string;
  readonly tone: Tone;
}

export interface HeadView {
  readonly title: string;
  readonly clock: string;
  readonly ribbon: readonly RibbonStep[];
  readonly position: string;
  readonly facts: string;
  readonly alarms: readonly Alarm[];
}

/** Title, ribbon and alarms. */
export function headView(known: Known): HeadView {
  const { status, address, lost } = known;
  const { rollout, snapshot, store, workers } = status;
  const serving = workers.filter(({ state }) => state === 'serving').length;
  const up = words.span(status.atMs - status.startedAtMs);
  return {
    title: `cutover ${words.clean(status.build)} at ${words.clean(address)}`,
    clock: `${time(status.atMs)}, ${lost === null ? `up ${up}` : 'LOST'}`,
    ribbon: ribbonOf(rollout),
    position: `${positionName(rollout)} for ${words.span(status.atMs - rollout.sinceMs)}`,
    facts: [
      `epoch ${rollout.epoch}`,
      `revision ${snapshot.revision}`,
      `store ${store.mode}`,
      `${serving}/${workers.length} workers serve`,
    ].join(', '),
    alarms: alarmsOf(known).slice(0, BOUNDS.alarms),
  };
}

function ribbonOf({ phase, step, steps, paused, ladder }: Status['rollout']): RibbonStep[] {
  const planned = new Set([...ladder.map((each) => each.phase), phase]);
  const here = PHASES.indexOf(phase);
  return PHASES.filter((each) => planned.has(each)).map((each) => {
    const at = PHASES.indexOf(each);
    const state = at < here ? 'done' : at > here ? 'ahead' : paused ? 'paused' : 'current';
    const reached = at < here ? steps : at > here ? 1 : step + 1;
    return { phase: each, step: each === 'regional' ? `${reached}/${steps}` : '', state };
  });
}

/** The loudest first. */
function alarmsOf({ status, lost, nowMs }: Known): Alarm[] {
  const { rollout, snapshot, store } = status;
  const withdrawn = rollout.withdrawn.map(words.clean).join(', ');
  const alarms: (Alarm | false)[] = [
    rollout.bypass && { tone: 'loud', text: 'BYPASS ON: all traffic to legacy, no copies' },
    lost !== null && {
      tone: 'warn',
      text: `NO ANSWER for ${words.span(nowMs - lost.sinceMs)}, asked again: ${words.clean(lost.message)}`,
    },
    rollout.paused && { tone: 'warn', text: 'PAUSED: nothing moves on its own (cutover resume)' },
    withdrawn !== '' && { tone: 'warn', text: `WITHDRAWN: legacy answers ${withdrawn}` },
    store.mode !== 'live' && {
      tone: 'warn',
      text: `STORE ${store.mode.toUpperCase()}: ${words.clean(store.message ?? 'no reason known')}`,
    },
    !snapshot.inEffect && {
      tone: 'warn',
      text: `NOT IN EFFECT: a worker has not acknowledged revision ${snapshot.revision}`,
    },
  ];
  return alarms.filter((alarm) => alarm !== false);
}
