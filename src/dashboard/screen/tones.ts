import type { TextProps } from 'ink';
import type { Tone } from '../known.ts';

/** Okabe and Ito's blue and orange, told apart with every kind of colour vision; red is for a breach alone. */
const LEGACY = '#0072B2';
const CANDIDATE = '#E69F00';
const GOOD = '#009E73';

const STYLES: Readonly<Record<Tone, TextProps>> = {
  plain: {},
  strong: { bold: true },
  faint: { dimColor: true },
  legacy: { color: LEGACY },
  candidate: { color: CANDIDATE },
  good: { color: GOOD },
  warn: { color: 'yellow' },
  bad: { color: 'red', bold: true },
  loud: { inverse: true, bold: true },
};

/** How a tone looks. */
export function styleOf(tone: Tone | undefined): TextProps {
  return STYLES[tone ?? 'plain'];
}
