import { styleText } from 'node:util';
import type { Io } from './io.ts';

/** Colours for words that also stand for themselves: nothing is told by colour alone. */
export interface Paint {
  readonly on: boolean;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
}

type Style = Parameters<typeof styleText>[0];

/** Colours everything when `on`, else hands texts back as they are. */
export function paintWith(on: boolean): Paint {
  const style = (format: Style) => (text: string) =>
    on ? styleText(format, text, { validateStream: false }) : text;
  return {
    on,
    strong: style('bold'),
    faint: style('dim'),
    good: style('green'),
    bad: style('red'),
    warn: style('yellow'),
  };
}

/** Colours are on for a terminal unless NO_COLOR, TERM=dumb or `--no-color`; FORCE_COLOR wins over the terminal. */
export function paintFor(io: Io, wanted: boolean): Paint {
  const { NO_COLOR, FORCE_COLOR, TERM } = io.env;
  const refused = !wanted || (NO_COLOR !== undefined && NO_COLOR !== '') || TERM === 'dumb';
  if (refused || FORCE_COLOR === '0' || FORCE_COLOR === 'false') return paintWith(false);
  return paintWith(io.out.isTTY || (FORCE_COLOR !== undefined && FORCE_COLOR !== ''));
}
