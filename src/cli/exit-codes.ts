import type { GateVerdict } from '../rollout/gates/types.ts';

/** Exit codes of every verb, as `cutover help exit-codes` prints them. */
export const EXIT = {
  done: 0,
  internal: 1,
  usage: 2,
  regression: 3,
  hold: 4,
  refused: 5,
  unreachable: 6,
  invalid: 7,
  interrupted: 130,
  terminated: 143,
} as const;

/** The verdict of the gates as an exit code; its keys are every verdict. */
export const VERDICT_EXITS: Readonly<Record<GateVerdict, number>> = {
  ready: EXIT.done,
  abort: EXIT.regression,
  hold: EXIT.hold,
  inconclusive: EXIT.hold,
  invalid: EXIT.invalid,
};

const MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'done, or ready',
  internal: 'internal or environment error: a port is taken, a database cannot be read',
  usage: 'usage or configuration error',
  regression: 'regression: a gate says abort, or a --fail-on rule was hit',
  hold: 'hold or inconclusive: not enough evidence yet',
  refused: 'refused: wrong phase, not confirmed, awaiting approval, paused',
  unreachable: 'the gateway is unreachable, or the time is over',
  invalid: 'evidence is invalid: sampling skew, coverage, stale',
  interrupted: 'interrupted (SIGINT, Ctrl-C)',
  terminated: 'terminated (SIGTERM)',
};

const RUN = `\`run\` ends with 0 when the first SIGTERM or SIGINT was followed by an orderly drain. A second signal stops
it at once: 143 after SIGTERM, 130 after SIGINT.`;

/** The text of `cutover help exit-codes`. */
export function exitCodesText(): string {
  const lines = Object.entries(EXIT).map(
    ([name, code]) => `  ${String(code).padStart(3)}  ${MEANINGS[name as keyof typeof EXIT]}`,
  );
  return ['Exit codes of every verb:', ...lines, '', RUN, ''].join('\n');
}
