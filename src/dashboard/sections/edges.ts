import type { Scene } from '../frame.ts';
import type { Glyphs } from '../glyphs.ts';
import type { Tone } from '../known.ts';
import type { Cell, Row } from '../rows.ts';
import { PANES } from '../ui.ts';
import { verdictTone } from '../view/gate.ts';
import type { HeadView, RibbonStep } from '../view/head.ts';

/** Title, ribbon, alarms: what stands above everything. */
export function headRows({ view: { head }, ui, glyphs }: Scene, short: boolean): Row[] {
  // Without the date where there is little room.
  const shown = short ? head.clock.slice('2026-11-23 '.length) : head.clock;
  const clock = ui.frozen === null ? shown : `FROZEN ${shown}`;
  const tone: Tone = ui.frozen === null ? 'faint' : 'warn';
  const facts = short ? [] : [{ text: head.facts, tone: 'faint' } as const];
  return [
    [
      { text: head.title, tone: 'strong' },
      { text: clock, tone, width: clock.length },
    ],
    ribbonRow(head, glyphs, short),
    [{ text: head.position, width: head.position.length + 1 }, ...facts],
    ...head.alarms.map((alarm): Row => [alarm]),
  ];
}

const ABBREVIATED = {
  shadow: 'sha',
  canary: 'can',
  regional: 'reg',
  enforce: 'enf',
  retired: 'ret',
} as const;

/** `shadow ✔ > canary ◌ > regional 1/3 • > enforce •` */
function ribbonRow({ ribbon }: HeadView, glyphs: Glyphs, short: boolean): Row {
  return ribbon.flatMap((step, at): Cell[] => {
    const name = short ? ABBREVIATED[step.phase] : step.phase;
    const text = [name, step.step, glyphs[step.state]].filter((part) => part !== '').join(' ');
    const cell: Cell = { text, tone: ribbonTone(step), width: text.length };
    return at === 0 ? [cell] : [{ text: '>', tone: 'faint', width: 1 }, cell];
  });
}

function ribbonTone({ state }: RibbonStep): Tone {
  if (state === 'paused') return 'warn';
  if (state === 'current') return 'strong';
  return state === 'done' ? 'good' : 'faint';
}

/** The panes, the open one in brackets. */
export function tabsRow({ ui }: Scene): Row {
  return PANES.map(({ name }, at): Cell => {
    const open = at === ui.pane && !ui.help;
    const text = open ? `[${at + 1} ${name}]` : ` ${at + 1} ${name} `;
    return { text, tone: open ? 'strong' : 'faint', width: text.length };
  });
}

const KEYS = 'q quit   ? help   tab 1-5 panes   p freeze   r refresh   y command line';
const SHORT_KEYS = 'q quit  ? help  tab 1-5 panes  p freeze  r refresh';

/** The keys, or the command line that says the same. */
export function footRow({ ui, flags }: Scene, short: boolean): Row {
  if (!ui.command) return [{ text: short ? SHORT_KEYS : KEYS, tone: 'faint' }];
  const verb = PANES[ui.pane]?.verb ?? 'status';
  return [{ text: `the same: cutover ${verb}${flags}` }];
}

/** Four lines where there is no room for more: phase, gate, errors, p99. */
export function tinyRows({ view, glyphs }: Scene): Row[] {
  const { head, gate, lanes } = view;
  const alarm = head.alarms[0];
  const errors = gate.metrics.find(({ short }) => short === 'err');
  const tail = lanes.ladder.find(({ label }) => label === 'p99');
  return [
    alarm === undefined
      ? [{ text: head.position, tone: 'strong' }]
      : [{ text: `${head.position}  ${alarm.text}`, tone: alarm.tone }],
    [
      {
        text: `${glyphs.verdicts[gate.verdict]} ${gate.verdict}: ${gate.message}`,
        tone: verdictTone(gate.verdict),
      },
    ],
    [
      {
        text:
          errors === undefined ? 'errors -' : `errors ${errors.estimate} ${errors.interval} ${errors.margin}`,
      },
    ],
    [{ text: tail === undefined ? 'p99 -' : `p99 ${tail.delta} (${tail.legacy} -> ${tail.candidate})` }],
  ];
}
