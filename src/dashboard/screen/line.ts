import { Box, Text } from 'ink';
import { createElement as h } from 'react';
import type { ReactElement } from 'react';
import { shownAs } from '../glyphs.ts';
import type { Glyphs } from '../glyphs.ts';
import type { Cell, Row } from '../rows.ts';
import { styleOf } from './tones.ts';

interface LineProps {
  readonly row: Row;
  readonly glyphs: Glyphs;
}

/** One line of the screen: exactly one terminal line, whatever stands in it. */
export function Line({ row, glyphs }: LineProps): ReactElement {
  const cells = row.map((cell) => cellOf(cell, glyphs));
  return h(Box, { height: 1, flexShrink: 0, overflow: 'hidden', columnGap: 1 }, ...cells);
}

function cellOf({ text, tone, width, right }: Cell, glyphs: Glyphs): ReactElement {
  // Ink cuts with `…`, which is not ASCII: there the text is cut without a sign.
  const wrap = glyphs.unicode ? ('truncate-end' as const) : ('hard' as const);
  const size = width === undefined ? { flexGrow: 1, flexBasis: 0, minWidth: 0 } : { width, flexShrink: 0 };
  const side = right === true ? ('flex-end' as const) : ('flex-start' as const);
  const content = h(Text, { ...styleOf(tone), wrap }, shownAs(glyphs, text));
  return h(Box, { ...size, height: 1, overflow: 'hidden', justifyContent: side }, content);
}
