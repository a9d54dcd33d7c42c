import { VERDICT_GLYPHS } from '../report/metric-text.ts';
import type { GateVerdict } from '../rollout/gates/types.ts';

/** The signs of one kind of terminal; each stands beside a word and never alone. */
export interface Glyphs {
  /** False: nothing but ASCII is written. */
  readonly unicode: boolean;
  readonly done: string;
  readonly current: string;
  readonly ahead: string;
  readonly paused: string;
  readonly verdicts: Readonly<Record<GateVerdict, string>>;
  readonly full: string;
  readonly empty: string;
  /** Where a bar should end. */
  readonly mark: string;
  /** From the lowest to the highest. */
  readonly levels: string;
  readonly line: string;
  readonly corners: readonly [left: string, right: string];
  readonly border: 'round' | 'classic';
}

export const UNICODE: Glyphs = {
  unicode: true,
  done: '✔',
  current: '◌',
  ahead: '•',
  paused: '॥',
  verdicts: VERDICT_GLYPHS,
  full: '█',
  empty: '░',
  mark: '┃',
  levels: '▁▂▃▄▅▆▇█',
  line: '─',
  corners: ['╭', '╮'],
  border: 'round',
};

export const ASCII: Glyphs = {
  unicode: false,
  done: '[x]',
  current: '[>]',
  ahead: '[ ]',
  paused: '[=]',
  verdicts: { abort: '[FAIL]', invalid: '[!!]', ready: '[ok]', inconclusive: '[??]', hold: '[..]' },
  full: '#',
  empty: '.',
  mark: '|',
  levels: ' .:-=+*#',
  line: '-',
  corners: ['+', '+'],
  border: 'classic',
};

/** What a terminal of this environment can show: the first of LC_ALL, LC_CTYPE and LANG that is set decides. */
export function glyphsFor(env: Readonly<Record<string, string | undefined>>): Glyphs {
  const { LC_ALL, LC_CTYPE, LANG } = env;
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '') ?? '';
  return /utf-?8/i.test(locale) ? UNICODE : ASCII;
}

/** A text as this terminal can show it. */
export function shownAs(glyphs: Glyphs, text: string): string {
  if (glyphs.unicode) return text;
  return text.replaceAll('→', '->').replace(/[^\x20-\x7e]/gu, '?');
}

/** A bar of a fraction, clipped to [0, 1]; full only when the fraction is. */
export function bar(glyphs: Glyphs, fraction: number, width: number): string {
  const filled = Math.floor(clipped(fraction) * width);
  return glyphs.full.repeat(filled) + glyphs.empty.repeat(width - filled);
}

/** A bar of a fraction with a mark where it should end. */
export function markedBar(glyphs: Glyphs, fraction: number, wanted: number, width: number): string {
  const at = Math.min(width - 1, Math.floor(clipped(wanted) * width));
  const plain = bar(glyphs, fraction, width);
  return plain.slice(0, at) + glyphs.mark + plain.slice(at + 1);
}

/** The newest values as a line of small columns on a scale from 0 to `top`; a gap where nothing is known. */
export function spark(
  glyphs: Glyphs,
  values: readonly (number | null)[],
  top: number,
  width: number,
): string {
  const last = glyphs.levels.length - 1;
  const text = values.slice(-width).map((value) => {
    if (value === null) return ' ';
    return glyphs.levels[top <= 0 ? 0 : Math.round(clipped(value / top) * last)] ?? ' ';
  });
  return text.join('').padStart(width);
}

function clipped(fraction: number): number {
  return Number.isNaN(fraction) ? 0 : Math.min(1, Math.max(0, fraction));
}
