import type { Glyphs } from '../glyphs.ts';
import type { Row, Section } from '../rows.ts';

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ['q, ctrl-c', 'quit'],
  ['Q', 'quit and leave the last frame on the terminal'],
  ['tab, shift-tab, 1-5', 'change the pane'],
  ['j k, arrows, page, g G', 'scroll the pane'],
  ['p', 'freeze the display; reading goes on'],
  ['r', 'read again now'],
  ['y', 'the command line that says the same'],
  ['esc', 'back'],
];

/** The keys and what the signs mean. Nothing here changes the rollout. */
export function helpSection(glyphs: Glyphs): Section {
  const { verdicts } = glyphs;
  const signs: (readonly [string, string])[] = [
    [`${verdicts.ready} ready`, 'the evidence is there'],
    [`${verdicts.hold} hold`, 'not yet'],
    [`${verdicts.inconclusive} inconclusive`, 'the time is over and nothing is proven'],
    [`${verdicts.invalid} invalid`, 'the evidence cannot be trusted'],
    [`${verdicts.abort} abort`, 'the candidate is worse than tolerated'],
    ['advance', 'bar: log of the evidence that the excess is below the margin, of what is needed'],
    ['abort', 'bar: the same for worse than tolerated, the most so far in this epoch'],
    ['+0.02pp [..] <0.10pp', 'excess of the candidate, its 95% interval, the margin'],
    [`shares ${glyphs.mark}`, 'the desired share; the bar is the actual one'],
  ];
  const rows = [...KEYS, ...signs].map(([left, right]): Row => [
    { text: left, tone: 'strong', width: 22 },
    { text: right },
  ]);
  return { title: 'Help', rows, keep: rows.length };
}
