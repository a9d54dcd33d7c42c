import type { Known } from './known.ts';
import { gateView } from './view/gate.ts';
import type { GateView } from './view/gate.ts';
import { headView } from './view/head.ts';
import type { HeadView } from './view/head.ts';
import { lanesView, sharesView } from './view/lanes.ts';
import type { LanesView, ShareView } from './view/lanes.ts';
import { differencesView, eventsView } from './view/lists.ts';
import type { DifferencesView, EventsView } from './view/lists.ts';
import { positionName } from '../rollout/position.ts';
import { clean, counted } from './words.ts';

/** Everything on the screen as plain data: words and fractions, whatever the size of the terminal. */
export interface View {
  readonly head: HeadView;
  readonly gate: GateView;
  readonly shares: readonly ShareView[];
  readonly lanes: LanesView;
  readonly differences: DifferencesView;
  readonly events: EventsView;
}

/** What is known as it is shown: pure, and free of everything a terminal would obey. */
export function viewOf(known: Known): View {
  return {
    head: headView(known),
    gate: gateView(known.status),
    shares: sharesView(known),
    lanes: lanesView(known),
    differences: differencesView(known),
    events: eventsView(known),
  };
}

/** What stays on the terminal after the dashboard: one line. */
export function summaryOf({ status, lost }: Known): string {
  const { rollout, gate, classes } = status;
  const bypass = rollout.bypass ? ', BYPASS ON' : '';
  const gone = lost === null ? '' : '; the gateway does not answer';
  return `${positionName(rollout)}${bypass}: ${gate.verdict} (${clean(gate.message)}); epoch ${rollout.epoch}, ${counted(classes, 'class')} of differences${gone}`;
}
