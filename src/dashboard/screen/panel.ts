import { Box, Text } from 'ink';
import { createElement as h } from 'react';
import type { ReactElement } from 'react';
import { shownAs } from '../glyphs.ts';
import type { Glyphs } from '../glyphs.ts';
import type { Panel } from '../rows.ts';
import { Line } from './line.ts';
import { styleOf } from './tones.ts';

interface PanelProps {
  readonly panel: Panel;
  readonly width: number;
  readonly bordered: boolean;
  readonly glyphs: Glyphs;
}

/** A titled block of lines, in a frame where there is room for one. */
export function PanelBox({ panel, width, bordered, glyphs }: PanelProps): ReactElement {
  const { title, rows, height } = panel;
  const lines = rows.map((row) => h(Line, { row, glyphs }));
  const column = { flexDirection: 'column', width, height, flexShrink: 0, overflow: 'hidden' } as const;
  if (!bordered) return h(Box, column, h(Text, styleOf('strong'), shownAs(glyphs, title)), ...lines);
  const frame = {
    flexDirection: 'column',
    width,
    height: height - 1,
    flexShrink: 0,
    paddingX: 1,
    overflow: 'hidden',
    borderStyle: glyphs.border,
    borderTop: false,
    borderDimColor: true,
  } as const;
  return h(Box, column, h(Text, { wrap: 'hard' }, ...topLine(title, width, glyphs)), h(Box, frame, ...lines));
}

/** `╭─ Gates ───╮`: the title stands in the frame and costs no line. */
function topLine(title: string, width: number, { corners, line, ...rest }: Glyphs): ReactElement[] {
  const [left, right] = corners;
  const text = shownAs({ corners, line, ...rest }, title).slice(0, Math.max(0, width - 6));
  const rule = line.repeat(Math.max(0, width - text.length - 5));
  return [
    h(Text, styleOf('faint'), `${left}${line} `),
    h(Text, styleOf('strong'), text),
    h(Text, styleOf('faint'), ` ${rule}${right}`),
  ];
}
