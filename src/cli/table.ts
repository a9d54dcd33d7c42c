/** One column of a table: its heading, and whether its cells are numbers (set flush right). */
export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/**
 * An aligned table with two spaces between the columns and no trailing blanks.
 * @param rows cells in the order of the columns
 * @param head paints the heading line
 * @returns lines, each ended by a newline
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  head: (line: string) => string = String,
): string {
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...rows.map((row) => (row[at] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, at) => pad(cells[at] ?? '', widths[at] ?? 0, column.right === true))
      .join('  ')
      .trimEnd();
  const lines = [head(line(columns.map((column) => column.title))), ...rows.map(line)];
  return `${lines.join('\n')}\n`;
}

function pad(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width);
}

/** A cell with the paint that is put on after it was aligned: colours take no room. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/** Aligned lines without a heading: columns of text with two spaces between them, each line ended by a newline. */
export function aligned(rows: readonly (readonly (string | Cell)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell)));
  const columns = Math.max(0, ...cells.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(...cells.map((row) => row[at]?.text.length ?? 0)),
  );
  const line = (row: readonly Cell[]): string =>
    row.map(({ text, paint = String }, at) => paint(text.padEnd(widths[at] ?? 0))).join('  ');
  return cells.map((row) => `${line(row).trimEnd()}\n`).join('');
}
