import { Box } from 'ink';
import { createElement as h } from 'react';
import type { ReactElement } from 'react';
import type { Frame, Stack } from '../frame.ts';
import type { Glyphs } from '../glyphs.ts';
import { Line } from './line.ts';
import { PanelBox } from './panel.ts';

interface ScreenProps {
  readonly frame: Frame;
  readonly glyphs: Glyphs;
}

/** A frame on the terminal. */
export function Screen({ frame, glyphs }: ScreenProps): ReactElement {
  const { width, height, top, stacks, bottom, foot, bordered } = frame;
  const stackOf = ({ width: columns, panels }: Stack): ReactElement =>
    h(
      Box,
      { flexDirection: 'column', width: columns, flexShrink: 0 },
      ...panels.map((panel) => h(PanelBox, { panel, width: columns, bordered, glyphs })),
    );
  return h(
    Box,
    { flexDirection: 'column', width, height, overflow: 'hidden' },
    ...top.map((row) => h(Line, { row, glyphs })),
    h(Box, { flexShrink: 0 }, ...stacks.map(stackOf)),
    h(Box, { flexGrow: 1 }),
    ...(bottom === null ? [] : [stackOf(bottom)]),
    ...(foot === null ? [] : [h(Line, { row: foot, glyphs })]),
  );
}
