import type { Tone } from './known.ts';

/** One piece of a line. */
export interface Cell {
  readonly text: string;
  readonly tone?: Tone;
  /** Columns; the cell that has none takes what is left, and is cut there. */
  readonly width?: number;
  readonly right?: boolean;
}

/** One line of the screen: its cells, one blank between two. */
export type Row = readonly Cell[];

/** Lines that belong together. */
export interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
  /** Lines without which it is not worth its place. */
  readonly keep: number;
}

/** A section on the screen: as many lines as it was given. */
export interface Panel {
  readonly title: string;
  readonly rows: readonly Row[];
  /** With its frame or title. */
  readonly height: number;
}

/** How lines look in the layout they are made for. */
export interface Measure {
  /** Columns inside of frames. */
  readonly width: number;
  /** Words are shortened. */
  readonly short: boolean;
}

/** A text in at most `most` lines, broken between words; what does not fit is left to the last line to cut. */
export function wrapped(text: string, width: number, most: number): string[] {
  if (text.length <= width || most <= 1) return [text];
  const at = text.lastIndexOf(' ', Math.max(1, width));
  const end = at <= 0 ? Math.max(1, width) : at;
  return [text.slice(0, end), ...wrapped(text.slice(end).trimStart(), width, most - 1)];
}

/** A cell as wide as the longest text in its column, up to a limit. */
export function column(texts: readonly string[], most: number): number {
  return Math.min(most, Math.max(1, ...texts.map((text) => text.length)));
}

/**
 * Gives sections their lines: what each needs first, then more in order. Where even that is too much, the last
 * sections are left out.
 * @param chrome lines each section takes for its frame or title
 */
export function fit(sections: readonly Section[], height: number, chrome: number): Panel[] {
  const least = sections.map(({ rows, keep }) => Math.min(rows.length, keep));
  const shown = [...sections];
  const used = (): number => shown.reduce((sum, _, at) => sum + (least[at] ?? 0) + chrome, 0);
  while (shown.length > 1 && used() > height) shown.pop();
  let spare = Math.max(0, height - used());
  return shown.map((section, at) => {
    const more = Math.min(spare, section.rows.length - (least[at] ?? 0));
    spare -= more;
    const lines = Math.min((least[at] ?? 0) + more, Math.max(0, height - chrome));
    return panelOf(section, lines, chrome);
  });
}

/** The first lines of a section; its title says when that is not all. */
export function panelOf({ title, rows }: Section, lines: number, chrome: number): Panel {
  const cut = rows.length > lines ? `${title} (${lines} of ${rows.length} lines)` : title;
  return { title: cut, rows: rows.slice(0, lines), height: lines + chrome };
}
